"""Objects in a bucket (s3://, gs://): whole ones, and copies of them on this machine."""
