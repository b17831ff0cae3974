"""Generation tasks: pinned to datasets, asked of documents, answered, and what the answers become.

tasks               which datasets are processed by which task, and when that changes
requests            what a task asks of each document of a shard
repairs             what is said when something is asked again
media_uploads       files of media at Google, while a job needs them
outputs             what came of it, as rows of `generations`
feeding, feed       documents cut with answers, once these are there
derived_documents   answers that become documents of their own
output_tokens, task_quote, regenerate   what it costs, before it is spent
generate, generation_files, generation_queue   what the doors call

Planning, sending and collecting are those of all batch jobs, in `verbs`.
"""
