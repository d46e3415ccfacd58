"""The porch: where bytes arrive. A local folder, a file, standard input, an S3 prefix. Each yields ``Delivery``."""
