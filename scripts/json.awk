# json.awk - TAP into one object, for a machine that gives out points.
#
#   {"lab": "01-tcp", "verdict": "not yet", "points": 1, "max": 8,
#    "trouble": "", "statements":
#    [{"text": "...", "result": "ok", "detail": ""}, ...]}

function quoted(s) {
    gsub(/\\/, "\\\\", s); gsub(/"/, "\\\"", s)
    gsub(/\n/, "\\n", s); gsub(/\t/, "\\t", s)
    gsub(/[\001-\037]/, "?", s)
    return "\"" s "\""
}

function statement(result, detail) {
    sub(/^[a-z ]*[0-9]+ - /, ""); sub(/ # SKIP .*/, "")
    text[++n] = $0; how[n] = result; why[n] = detail
}

/^1\.\.[0-9]+$/   { max = substr($0, 4) + 0; next }
/^Bail out! /     { trouble = substr($0, 11); next }
/^ok .* # SKIP /  { reason = $0; sub(/.* # SKIP /, "", reason)
                    statement("skip", reason); next }
/^ok /            { points++; statement("ok", ""); next }
/^not ok /        { statement("not yet", ""); next }
/^#/ && how[n] == "not yet" { why[n] = why[n] substr($0, 3) "\n" }

END {
    verdict[0] = "solved"; verdict[1] = "not yet"
    verdict[3] = "does not compile"; verdict[70] = "the kit broke"
    verdict[77] = "not checked"
    printf("{\"lab\": %s, \"verdict\": %s, \"points\": %d, \"max\": %d,",
        quoted(lab), quoted(verdict[status]), points, max)
    printf(" \"trouble\": %s, \"statements\": [", quoted(trouble))
    for (i = 1; i <= n; i++)
        printf("%s{\"text\": %s, \"result\": %s, \"detail\": %s}",
            i > 1 ? ", " : "", quoted(text[i]), quoted(how[i]), quoted(why[i]))
    print "]}"
}
