"""Numeric kernels and checks that two or more regions share. It knows no region."""
