# eavesdrop.awk - tell ON from OFF in a capture, without a key.
#
# It reads `wire lines`, and sees what anybody on the way sees: which side sent
# how many bytes, and in which order. A UDP packet says that the button has been
# pressed, and the last one that this is the end. KNOWN are the first commands, "on off off ...": it has pressed them
# itself, to learn what they look like. For each command after those it prints
# a guess.

$3 == "udp" { presses++; next }
presses && $8 > 0 && $10 !~ /retransmission/ { look[presses] = look[presses] $5 $8 " "; sum[presses] += $8 }

END {
    n = split(known, word, " ")
    for (i = 1; i <= n; i++) {
        count[look[i], word[i]]++
        total[word[i]] += sum[i]
        times[word[i]]++
    }
    mean = (total["on"] / times["on"] + total["off"] / times["off"]) / 2
    for (; i < presses; i++) {
        lit = count[look[i], "on"] + 0
        dark = count[look[i], "off"] + 0
        if (lit + dark == 0)        # never seen: ON is the shorter word
            lit = sum[i] < mean
        print (lit > dark ? "on" : "off")
    }
}
