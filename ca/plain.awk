# plain.awk - what "openssl x509 -text" says (or req, or crl), in plain words:
# one fact a line, WHAT and a tab and the words.

# after(SIGN): what follows the sign in this line
function after(sign) {
    return substr($0, index($0, sign) + length(sign))
}

function fact(what, words) {
    gsub(/^ +|CN ?= ?/, "", words)
    if (words != "")
        print what "\t" words
}

/ Issuer:/             { issuer = after("Issuer:") }
/ Subject:/            { subject = after("Subject:") }
/Not Before ?:/        { from = after(": ") }
/Not After ?:/         { until = after(": ") }
/Last Update:/         { from = after(": ") }
/Next Update:/         { until = after(": ") }
/Public Key Algorithm/ {
    key = after(": ")
    sub(/id-ecPublicKey/, "EC", key)
    sub(/rsaEncryption/, "RSA", key)
}
/Public-Key: /         { key = key " " after(": ") }
/No Revoked Certifica/ { back[++n] = "nothing" }

# Long numbers stand on the next line, or, in a CRL, on this one.
/Serial Number: *$/ { getline; number = toupper($1); gsub(/:/, "", number) }
/Serial Number: +[0-9A-F]/ { back[++n] = $3 }

/X509v3 Subject Alternative Name/ {
    getline names
    gsub(/IP Address:/, "IP:", names)
    sub(/IP:0:0:0:0:0:0:0:1/, "IP:::1", names)
}
/X509v3 Basic Constraints/ {
    getline line
    if (line ~ /CA:TRUE/)
        may = "sign certificates" (line ~ /pathlen:0/ ? ", but no CA's" : "")
}
/X509v3 Extended Key Usage/ {
    getline may
    sub(/TLS Web Server Authentication/, "be a server", may)
    sub(/TLS Web Client Authentication/, "be a client", may)
}

END {
    if (kind == "x509" && may == "")
        may = "be anything: it does not say"
    fact("of", subject)
    fact("for", names)
    fact(kind == "req" ? "wants to" : "may", may)
    fact("signed by", issuer)
    fact("number", number)
    fact("from", from)
    fact("until", until)
    fact("key", key)
    for (i = 1; i <= n; i++)
        fact("takes back", back[i])
}
