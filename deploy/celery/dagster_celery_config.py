"""How a Celery worker behaves. dagster-celery imports a module of this name if there is one.

The addresses and the password are not here: Celery reads CELERY_BROKER_URL and CELERY_RESULT_BACKEND.
"""

#: A run is taken when there is a process for it, and not before: one that waits in a worker goes
#: down with it.
worker_prefetch_multiplier = 1
worker_disable_prefetch = True
#: A process is replaced now and then; it need not give back all memory of the files it read.
worker_max_tasks_per_child = 50
#: The result says which worker had the run.
result_extended = True
broker_connection_retry_on_startup = True
#: Dagster prints a line for each event; they stay as they are.
worker_redirect_stdouts = False
#: Longer than any run (max_runtime_seconds in dagster.yaml). Only a run that was taken and not
#: begun comes back after that, to find itself finished.
broker_transport_options = {"visibility_timeout": 25_200}
#: Redis with TLS and a certificate for its name, or none at all, whatever the addresses say.
broker_use_ssl = {"ssl_cert_reqs": "required"}
redis_backend_use_ssl = broker_use_ssl
