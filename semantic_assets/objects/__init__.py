"""Objects in a bucket (s3://, gs://), and copies of them on this machine."""
