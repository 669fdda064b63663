"""Rows → a trained model directory: the only place that needs torch (extra ``train``)."""
