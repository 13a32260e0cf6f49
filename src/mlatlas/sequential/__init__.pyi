from .crf.conll import read_conll as read_conll, write_conll as write_conll
from .crf.crf import LinearChainCRF as LinearChainCRF
from .hmm.hmm import CategoricalHMM as CategoricalHMM, GaussianHMM as GaussianHMM
from .kalman_filter.kalman_filter import Forecast as Forecast, KalmanFilter as KalmanFilter
from .viterbi.viterbi import (
    backward as backward,
    forward as forward,
    k_best_paths as k_best_paths,
    log_partition as log_partition,
    marginals as marginals,
    posterior_decode as posterior_decode,
    viterbi as viterbi,
)
