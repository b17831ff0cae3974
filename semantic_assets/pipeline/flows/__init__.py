"""Operations that string stages together: refresh, flush, collect, advance."""
