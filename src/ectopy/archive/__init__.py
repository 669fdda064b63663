"""Many recordings → one data set: plan, run on this machine or on a Dask cluster, resume.

A folder is walked (`plan`), each recording becomes one result under a key of its content (`work`,
in processes that can be stopped, `hand`), by workers of this machine (`crew`) or of a cluster
(`cluster`), and the results become Parquet files (`tables`) and a page (`page`), put together by
`run`.
"""
