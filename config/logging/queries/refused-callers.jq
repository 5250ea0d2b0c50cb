select(.code == "INVALID_API_KEY" or .code == "UNAUTHORIZED" or .code == "FORBIDDEN" or .code == "TENANT_DISABLED")
