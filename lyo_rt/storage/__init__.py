"""Where files are kept: a folder, S3 or Google Cloud Storage, behind one class."""
