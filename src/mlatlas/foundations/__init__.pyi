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
from .metrics.metrics import (
    accuracy_score as accuracy_score,
    confusion_matrix as confusion_matrix,
    f1_score as f1_score,
    fbeta_score as fbeta_score,
    log_loss as log_loss,
    precision_score as precision_score,
    recall_score as recall_score,
)
from .metrics.ranking import (
    average_precision_score as average_precision_score,
    precision_recall_curve as precision_recall_curve,
    roc_auc_score as roc_auc_score,
    roc_curve as roc_curve,
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
