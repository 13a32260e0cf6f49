from sklearn.utils.estimator_checks import parametrize_with_checks

from mlatlas.linear import AveragedPerceptron, Perceptron


@parametrize_with_checks([Perceptron(), AveragedPerceptron(), Perceptron(fit_intercept=False, shuffle=False, n_jobs=2)])
def test_estimator_checks(estimator, check):
    check(estimator)
