# a comment
/*!40101 SET NAMES   utf8 */; /* a comment */
DELIMITER //
CREATE PROCEDURE p() BEGIN SELECT "it\"s" -- a comment
, a<=>b, 1--1; END//
DELIMITER ;
SELECT /*+ NO_ICP(t) */ `a``b` FROM t;
