from .information_theory.information_theory import (
    conditional_entropy as conditional_entropy,
    contingency as contingency,
    cross_entropy as cross_entropy,
    entropy as entropy,
    kl_divergence as kl_divergence,
    mutual_info_score as mutual_info_score,
    mutual_information as mutual_information,
)
from .losses.losses import (
    absolute_loss as absolute_loss,
    contrastive_loss as contrastive_loss,
    cross_entropy_loss as cross_entropy_loss,
    exponential_loss as exponential_loss,
    focal_loss as focal_loss,
    hinge_loss as hinge_loss,
    huber_loss as huber_loss,
    logistic_loss as logistic_loss,
    squared_hinge_loss as squared_hinge_loss,
    squared_loss as squared_loss,
    triplet_loss as triplet_loss,
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
from .norms.norms import (
    frobenius_norm as frobenius_norm,
    l0_norm as l0_norm,
    l1_norm as l1_norm,
    l2_norm as l2_norm,
    linf_norm as linf_norm,
    nuclear_norm as nuclear_norm,
    project_l1_ball as project_l1_ball,
    prox_l0 as prox_l0,
    prox_l1 as prox_l1,
    prox_l2 as prox_l2,
    prox_linf as prox_linf,
    prox_nuclear as prox_nuclear,
    prox_squared_l2 as prox_squared_l2,
    spectral_norm as spectral_norm,
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
from .svd.svd import (
    TruncatedSVD as TruncatedSVD,
    low_rank as low_rank,
    randomised_svd as randomised_svd,
    truncated_svd as truncated_svd,
)
