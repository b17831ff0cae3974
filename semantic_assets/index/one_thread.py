"""Products of questions on one thread: those of OpenBLAS wait actively when they are done.

A question over 1,000 rows cost 16 ms of CPU on two threads and 3.6 on one, the rest of a search
included. The number is not set back after a product: OpenBLAS changes its buffers with it, and two
threads that asked in turn cost 10 ms a question.
"""

from functools import cache

from threadpoolctl import ThreadpoolController


@cache
def use_one_thread() -> None:
    """Keep numpy's products in this process to one thread, from the first question on."""
    for library in ThreadpoolController().select(user_api="blas").lib_controllers:
        library.set_num_threads(1)
