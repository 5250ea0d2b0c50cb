select(.level == "ERROR" or .level == "FATAL")
