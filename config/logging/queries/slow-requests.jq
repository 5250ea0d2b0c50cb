select((.duration_ms // 0) >= 5000)
