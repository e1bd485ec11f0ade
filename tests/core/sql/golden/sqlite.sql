CREATE TRIGGER [a trigger] AFTER INSERT ON `t` BEGIN -- a comment
    UPDATE t SET "b" = X'00' || ?1 WHERE c==@d; /* another */
END;
