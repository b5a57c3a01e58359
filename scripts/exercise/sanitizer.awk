# sanitizer.awk - what a program said, and of a sanitizer's report only what
# happened, and where in the learner's own file.

/Sanitizer:DEADLYSIGNAL/ || /^=+$/ { next }
/ERROR: [A-Za-z]*Sanitizer/ {
    sub(/.*ERROR: /, ""); sub(/ on (unknown )?address.*/, "")
    print
    report = 1; next
}
/runtime error:/ {
    sub(/.*\//, ""); split($0, at, ":"); sub(/.*runtime error: /, "")
    print "UndefinedBehaviorSanitizer: " $0
    print "  in " at[1] " line " at[2]
    report = 2; next
}
report == 1 && /^ *#[0-9]+ .* exercise\// {
    sub(/.*\//, "", $NF); split($NF, at, ":")
    print "  in " $4 "(), " at[1] " line " at[2]
}
report == 1 && /^$/ { report = 2 }   # the rest: who allocated it, and so on
!report { print }
