# handout-merge.awk EXPECTED GOT - print GOT, but where a line of EXPECTED fits, that
# line: "..." fits any lines, "[..]" any text in a line.
#
# So the two are alike when what is printed is EXPECTED itself. And what is
# printed is what EXPECTED should be, with its wildcards kept.

FILENAME == ARGV[1] { old[++olds] = $0; next }
{ new[++news] = $0 }

# fits(PATTERN, LINE): its pieces must be there, one after the other.
function fits(pattern, line,   piece, pieces, i, at) {
    pieces = cut(pattern, piece)
    if (pieces == 1)
        return pattern == line
    if (substr(line, 1, length(piece[1])) != piece[1])
        return 0
    line = substr(line, length(piece[1]) + 1)
    for (i = 2; i < pieces; i++) {
        at = index(line, piece[i])
        if (at == 0)
            return 0
        line = substr(line, at + length(piece[i]))
    }
    at = length(line) - length(piece[pieces]) + 1
    return at > 0 && substr(line, at) == piece[pieces]
}

# cut(PATTERN, PIECE): what stands between its "[..]". How many?
function cut(pattern, piece,   at, n) {
    for (n = 1; (at = index(pattern, "[..]")) > 0; n++) {
        piece[n] = substr(pattern, 1, at - 1)
        pattern = substr(pattern, at + 4)
    }
    piece[n] = pattern
    return n
}

# try(COST, MOVE): the cheapest way to make old[i...] and new[j...] alike
function try(c, m) { if (!((i, j) in cost) || c < cost[i, j]) { cost[i, j] = c; move[i, j] = m } }

END {
    cost[olds + 1, news + 1] = 0
    for (i = olds + 1; i > 0; i--)
        for (j = news + 1; j > 0; j--) {
            if (old[i] == "..." && i <= olds) {
                try(cost[i + 1, j], "keep")
                if (j <= news) try(cost[i, j + 1], "swallow")
            }
            if (i <= olds && j <= news) {
                if (fits(old[i], new[j])) try(cost[i + 1, j + 1], "same")
                try(cost[i + 1, j + 1] + 1, "replace")
            }
            if (i <= olds) try(cost[i + 1, j] + 2, "drop")
            if (j <= news) try(cost[i, j + 1] + 2, "add")
        }

    for (i = j = 1; i <= olds || j <= news;) {
        m = move[i, j]
        if (m == "keep" || m == "same") print old[i]
        if (m == "replace" || m == "add") print new[j]
        if (m != "swallow" && m != "add") i++
        if (m != "keep" && m != "drop") j++
    }
}
