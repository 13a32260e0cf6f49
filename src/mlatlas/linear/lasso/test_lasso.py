from sklearn.utils.estimator_checks import parametrize_with_checks

from mlatlas.linear import ElasticNet, ElasticNetCV, Lasso, LassoCV


@parametrize_with_checks(
    [Lasso(), ElasticNet(), LassoCV(cv=3), ElasticNetCV(cv=3), Lasso(alpha=0.01), ElasticNet(alpha=0.01, l1_ratio=0)]
)
def test_estimator_checks(estimator, check):
    check(estimator)
