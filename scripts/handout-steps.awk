# handout-steps.awk HANDOUT - find the steps in its console blocks. For each one, print
#
#   FIRST OUTPUT END TERMINAL WORD
#
# Its command (or keys) is in the lines from FIRST to before OUTPUT, and what it
# prints in those from OUTPUT to before END. No command: then it is output that
# comes by itself. WORD is that of until=WORD, or -.

function wrong(line, why) {
    printf "%s:%d: %s\n", FILENAME, line, why
    failed = 1
    exit 1
}

function flush() {
    if (first) print first, output, NR, terminal, word
    first = 0
}

function start(with_command) {
    flush()
    first = NR
    output = NR + with_command
    steps++
}

# The words after the three backquotes.
function open_block(   i, norun) {
    opened = NR
    terminal = "main"
    word = "-"
    for (i = 2; i <= NF; i++) {
        if (sub(/^terminal=/, "", $i))   terminal = $i
        else if (sub(/^until=/, "", $i)) word = $i
        else if ($i ~ /^norun=./)        norun = substr($i, 7)
        else wrong(NR, "what is " $i "?")
    }
    console = $1 == "```console" && norun == ""
    if (norun != "")
        printf "# %s:%d: not run: %s\n", FILENAME, NR, norun
    else if ($1 ~ /^```(sh|bash|shell)$/)
        wrong(NR, "commands are run (console), or say why not (norun=REASON)")
}

# An empty block, too, is a step: it waits.
function close_block() {
    if (console && !first) start(0)
    flush()
    opened = console = 0
}

/^```/ && !opened    { open_block(); next }
/^```$/              { close_block(); next }
!console             { next }
/^\$ ./              { start(1); command = 1; next }
/^(\^[CD]|\[type .*\])$/ { start(1); command = 0; next }
/^> / && first && command && output == NR { output++; next }
!first               { start(0); command = 0 }

END {
    if (failed) exit 1
    if (opened) wrong(opened, "this block is never closed")
    if (!steps) wrong(1, "no console block in it")
}
