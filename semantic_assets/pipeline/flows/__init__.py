"""Operations that combine stages: refresh, flush, collect, advance."""
