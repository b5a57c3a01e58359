# starter.awk - make the learner's file from the marked solution: what is
# between BEGIN SOLUTION and END SOLUTION falls out, but for the STARTER text
# in it. With -v solved=1 it is the other way round.
#
# In C the STARTER text is inside a comment that END SOLUTION closes, so that
# the marked solution compiles as it stands.

function die(why) {
    print FILENAME ":" FNR ": " why >"/dev/stderr"
    broken = 1
    exit 1
}

/BEGIN SOLUTION/   { if (part) die("BEGIN SOLUTION inside another one")
                     part = "solution"; regions++; next }
/END SOLUTION/     { if (!part) die("END SOLUTION without BEGIN SOLUTION")
                     part = ""; next }
/(\/\*|#) STARTER/ { if (part != "solution") die("STARTER outside a solution")
                     part = "starter"; next }
part == "" || (part == "solution") == (solved != "") { print }

END {
    if (broken) exit 1
    if (part) die("BEGIN SOLUTION without END SOLUTION")
    if (!regions) die("nothing is left out: no BEGIN SOLUTION")
}
