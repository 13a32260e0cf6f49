from .information_theory.information_theory import (
    conditional_entropy as conditional_entropy,
)
from .information_theory.information_theory import (
    contingency as contingency,
)
from .information_theory.information_theory import (
    cross_entropy as cross_entropy,
)
from .information_theory.information_theory import (
    entropy as entropy,
)
from .information_theory.information_theory import (
    kl_divergence as kl_divergence,
)
from .information_theory.information_theory import (
    mutual_info_score as mutual_info_score,
)
from .information_theory.information_theory import (
    mutual_information as mutual_information,
)
from .scaling.curves import (
    HalfNormalScaler as HalfNormalScaler,
    PiecewiseLinearScaler as PiecewiseLinearScaler,
    QuantileTransformer as QuantileTransformer,
)
from .scaling.scaling import (
    MaxAbsScaler as MaxAbsScaler,
    MinMaxScaler as MinMaxScaler,
    Normalizer as Normalizer,
    RobustScaler as RobustScaler,
    StandardScaler as StandardScaler,
)
