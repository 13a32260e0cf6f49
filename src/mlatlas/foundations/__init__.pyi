from .information_theory.information_theory import (
    conditional_entropy as conditional_entropy,
    contingency as contingency,
    cross_entropy as cross_entropy,
    entropy as entropy,
    kl_divergence as kl_divergence,
    mutual_info_score as mutual_info_score,
    mutual_information as mutual_information,
)
