select((.err.code // "" | test("^[0-9A-Z]{5}$|^E[A-Z]+$")) or (.err.message // "" | test("connect|database|pool"; "i")))
