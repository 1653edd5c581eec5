# SPDX-License-Identifier: MIT
"""Tests what TLS computes with, on the board, against published vectors, and measures it: mpremote run selftest.py

Each algorithm goes the way that TLS takes to it, through the chip's engine where the firmware has one. Where software
for the same is in the image too, its time stands beside. Ends with an exception if a result is wrong.

    algorithm                result    time ms    4 KB ms    computed by
"""

import ssl
from binascii import a2b_base64 as b64
from collections import namedtuple

import _ssl_primitives as primitives

TRY_US = 20000  # operations are repeated for so long, but RSA's are longer anyway
BULK = bytes(4096)
TWO_BLOCKS_OF_64 = b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
TWO_BLOCKS_OF_128 = (
    b"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu"
)

# `algorithm` is a key of ssl.engines().
Digest = namedtuple("Digest", ("name", "source", "algorithm", "message", "digest"))
Cipher = namedtuple("Cipher", ("name", "source", "algorithm", "mode", "key", "iv", "plain", "aad", "sealed"))
Signature = namedtuple("Signature", ("name", "source", "algorithm", "key", "digest", "signature"))
Agreement = namedtuple("Agreement", ("name", "source", "group", "private", "public", "secret"))

DIGESTS = [
    Digest("SHA-1", "FIPS 180-2, A.2", "SHA-1", TWO_BLOCKS_OF_64, b64("hJg+RBw70m66rkqh+VEp5eVGcPE=")),
    Digest(
        "SHA-256", "FIPS 180-2, B.2", "SHA-256", TWO_BLOCKS_OF_64, b64("JI1qYdIGOLjlwCaTDD5gOaM85Flk/yFn9uzt1BnbBsE=")
    ),
    Digest(
        "SHA-384",
        "FIPS 180-2, D.2",
        "SHA-512",
        TWO_BLOCKS_OF_128,
        b64("CTMMM/cRR+g9GS/Hgs0bR1MRGxc7OwXSL6CAhuOw9xL8x8caVX4tuWbD6fqRdGA5"),
    ),
    Digest(
        "SHA-512",
        "FIPS 180-2, C.2",
        "SHA-512",
        TWO_BLOCKS_OF_128,
        b64("jpWbddrjE9qM9PcoFPwUP493ecbrn3+hcpmurbaIkBhQHSieSQD35DMbmd7EtUM6x9Mp7rbdJlReluVbh0vpCQ=="),
    ),
]

CIPHERS = [
    Cipher(
        "AES-128-CBC",
        "NIST CAVS 11.1, CBCMMT128, 9",
        "AES",
        "CBC",
        b64("LBRBN1HDHicwVwujNhx4aw=="),
        b64("HbvrLxmrtEivhJeWJEoZ1w=="),
        b64(
            "QNkw+aBTNNmBb+IEmZw/gqA/agRXqMR1yUVT0dEWaTrcYYBJ8Kdpou7WpssUwBQ+xczNvI3sTOVgz9IGIlcJMm1N55SOVNYD"
            "0BsS1/7XUvsj8apElPuwATDp3tTnfjfAeQQtgoBAwyWxpe/RX8hC5EAUykN0vzjzw/w+4ydzOwyK7hq80FV3LxjcBGA/eywe"
            "pp/2YjYfK+Chcbvc6h5dPw=="
        ),
        b64(""),
        b64(
            "a+ihKABFWjIFOIU+DLoxvS2A6gyFFkpMXCYa5IVBfZPv/i68DQoLUdbqGGM9IQz2PAxN28J2B/LoHtkRMZHvhtVvO5m+bEFa"
            "QVApn7hGznFgtAtjuvEXnRknWi6DaYN20ouSVIxo4G5tmU4sFQHtKXAU5wLN7+4vZWRHcGAJYU2AHeHKr3P4t/pWzxupS2MZ"
            "M7vld2JDgIUPEXQ1oDVbKw=="
        ),
    ),
    Cipher(
        "AES-256-CBC",
        "NIST CAVS 11.1, CBCMMT256, 9",
        "AES",
        "CBC",
        b64("SL5ZfmMsFncjJMjT+h2cWp7NAQ8U7F0RDTv+w3bFUys="),
        b64("1tWBuM8E69O26qG1PwR+4Q=="),
        b64(
            "DGPUE9OGRXDnC7Zhi/ikuVhVhmiMMrugpezBNi+tp0raMsUqz9GqdES6VntOfars98wcspGCrxZK5SMrAChoaVY1WZgHqafw"
            "eh8Tfpex4cnavIm2peSvqdtYVe2qV1BWqPT4JCIWJCuwwlYxDZ0ymCasNT1xX6OfgM7BRNZCRVj59wuYySAJbg8shV1ZSIWg"
            "BiWIDp37c0Fjzs73LPAwuA=="
        ),
        b64(""),
        b64(
            "/Fhz5Q3o+vTGuEunB7CFTp25qy6ffXB/u6M4xoQ6GPxvrOuvZj0mKW+zKbTSbxhJTHngnneWR/m6+odIljDXn0MBYQwjAMGd"
            "vzFIt8rIxPSUQQJ1TzMukrb3xedbxheeuHegeNRxkAkCF0TBTxP9KlWiucRNGAAGhahFpPYyx8VqdzBu+maiTQXQiNzXwT/i"
            "T8RHJ1ll255NN/vJMERIzQ=="
        ),
    ),
    Cipher(
        "AES-256-CTR",
        "RFC 3686, 6, vector 9",
        "AES",
        "CTR",
        b64("/3phfOaRSOTxcm4vQ1gd4qpi2fgFUy7f8e7Wh/tUFT0="),
        b64("ABzFt1GlHXChwRFIAAAAAQ=="),
        b64("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIj"),
        b64(""),
        b64("62xSgh0Lu/fOdZRGKspPqrQH34Zlaf0H9IzAtYPWBx8ewOa4"),
    ),
    Cipher(
        "AES-128-GCM",
        "NIST CAVS 14.0, gcmEncryptExtIV128",
        "AES",
        "GCM",
        b64("/kf8zl/DJmXSrjmeTuxyug=="),
        b64("WtuWCduutYy9bnJ1"),
        b64("fA6IyIiZp3kihGUHR5fNTC4UmNJZtUOQuF4+7xwC32DnQ/G4QDgsS8yvO6+0yoQpvqBj"),
        b64("iDGdbh0/+l+YcZkWbIqbVsKuulo="),
        b64("mPSCbwWiZebdK+gtskHA+7v5/7HBc6qDlkt89TkwQ3NjZSU928Xbh3g3FJXadtJp5ds+KR7xmC5N7+2qIkn4mFVrRw=="),
    ),
    Cipher(
        "AES-256-GCM",
        "NIST CAVS 14.0, gcmEncryptExtIV256",
        "AES",
        "GCM",
        b64("JFAa04Tkc5Y9R27c/gggUjes/Um1uPM4V/gRToY/7H8="),
        b64("n/GFY7l47CgbPyeU"),
        b64("J/NI+c3Axb1eZrHMtjrZIP8iGdFOjWMbOHImXPEX7oZ1esyxWL2auzho/cDQsHS18Bss"),
        b64("rbXscgzPmJhQACi/NK/MvKyhJu8="),
        b64("63y3VMgk6NlvfG2bdsfSb7h0/78dZcb2SmmNg5sLBhRdroIFetVZlM9ZrX9nwPpehfq4vJXFMv7MWUw20VUChqej8A=="),
    ),
    Cipher(
        "ChaCha20-Poly1305",
        "RFC 8439, A.5",
        "ChaCha20-Poly1305",
        "CHACHAPOLY",
        b64("HJJApetV04rzM4iGBPa18Ec5F8FAK4AJncpcvCBwdcA="),
        b64("AAAAAAECAwQFBgcI"),
        b64(
            "SW50ZXJuZXQtRHJhZnRzIGFyZSBkcmFmdCBkb2N1bWVudHMgdmFsaWQgZm9yIGEgbWF4aW11bSBvZiBzaXggbW9udGhzIGFu"
            "ZCBtYXkgYmUgdXBkYXRlZCwgcmVwbGFjZWQsIG9yIG9ic29sZXRlZCBieSBvdGhlciBkb2N1bWVudHMgYXQgYW55IHRpbWUu"
            "IEl0IGlzIGluYXBwcm9wcmlhdGUgdG8gdXNlIEludGVybmV0LURyYWZ0cyBhcyByZWZlcmVuY2UgbWF0ZXJpYWwgb3IgdG8g"
            "Y2l0ZSB0aGVtIG90aGVyIHRoYW4gYXMgL+KAnHdvcmsgaW4gcHJvZ3Jlc3MuL+KAnQ=="
        ),
        b64("8zOIhgAAAAAAAE6R"),
        b64(
            "ZKCGFXWGGvRg8GLHm+ZDvV6AXP00XPOJ8QhnCsdsjLJMbPwYdV1D7qCe6U44LSawvbe3PDIbAQDU8Dt/NViUzzMvgw5xC5fO"
            "mMioSr0LlIEUrRduAI0zvWD5grH/N8hVl5egbvTw72HBhjJOKzUGODYGkHtqfAKw+fYVe1PIZ+S5Fmx2e4BNRqWbUhbN56Tp"
            "kEDFpAQzIl7igqGwoGxSPq9FNNf4P6EVWwBHcYy8VGoNBysEs1ZO6htCInP1SCcaC7IxYFP6dpkZVevWMVlDTs67TkZtrloQ"
            "c6ZydicJehBJ5hfZHTYQlPpo8P93mHEwMFvqui7aBN+Ze3FNbG8sKaatXLQCKwJwm+6tnWeJDLsiOSM2/qGFHzg="
        ),
    ),
]

SIGNATURES = [
    Signature(
        "ECDSA P-256",
        "RFC 6979, A.2.5",
        "ECC",
        b64(
            "MHcCAQEEIMmvqdhFunUWa1whV2ex1pNOUMPbNuibEnuKYisSD2choAoGCCqGSM49AwEHoUQDQgAEYP7UuiVanTHJYet0xjVt"
            "aMBJuJI7Yfps5mliLmDyn7Z5A/4QCLi8maQa6elWKLxk8vGyDC1+n1F3o8KU1EYimQ=="
        ),
        b64("ryvb4aqbbsHireHWlPQfxxqDHQJo6YkVYhE9imKt0b8="),
        b64("MEYCIQDv1IsqrLao/RFA3ZzUXoHWnSyHe1aq+ZHDTQ6oTq83FgIhAPfLHJQtZXxB1DbHobbin2Xz6QDbua/0Bk3Eqy+EOs2o"),
    ),
    Signature(
        "ECDSA P-384",
        "RFC 6979, A.2.6",
        "ECC",
        b64(
            "MIGkAgEBBDBrnT2tLhuMHAWxmHW2ZZ9N4jw7Znvyl7qapHdAeHE32JbVck5McKgl+HLJ6mDS7fWgBwYFK4EEACKhZANiAATs"
            "Ok5BW04ZpFaGGAKfQn+l2pqLxK6S4C4GquUoazAMZN748OqQVYZgZKJUUVSAvBOAFdm3LX1XJE6o75rAxiGJZwilk2f537n1"
            "TKhLPxydsSiLIxw64NT+c0T9JTMmRyA="
        ),
        b64("mpCDUFvJInauxL4xJpbve/O/YD9LvTgRlqAp80BYUxIxO8pKm1uJDv7kLHex7iX+"),
        b64(
            "MGYCMQCU7buSpey4qtRzblbGkZFrP4gUBmbOn6c9ZMTqla0TPIGmSBUuRKz5bjbdHoD6vkYCMQCZ70rrFfF4zqH+QNsmAxOP"
            "Ew50ChliRSYgO2NR0KOpT6MpwUV4bmeee4LHGjhiisg="
        ),
    ),
    Signature(
        "RSA-2048",
        "NIST CAVS 11.4, SigGen15_186-2",
        "RSA",
        b64(
            "MIIEpQIBAAKCAQEA4LFLmc1hzT25wgdmaIQTJPoxdPM85m/9UUOU00F40ppJSTJ2tndyM+fUaj5ovHyn6JnpAdVPbe4HScPk"
            "jd9oaFhn7irmbfiOtWP22xN6n2sXWhEuDtqDaOiORe/hzhS8YBbVJjlicGavGHLHL2C5FhwdI37rNLD4QbPwiW+f4OFrD3Q1"
            "LRASksxGSn54YbvrhvbfYVHLJlQXxmxWXtiXS9j8mE1d39TrkaPVI0zhtUZ/Ot43X4AuwHKT8SNu+jBovJGxWFUch1xdwKnW"
            "+jIb+UIfCN6skQ41wcKFSe6O7YMwz3BZX/cLlLSZB+J2mKnZEfesBwavyxpKOf6ziwqASQIDAQABAoIBAB28qS5CRcLVe/un"
            "YhDMBgKbUCdTt8ghoyt5n70zyYtJ2xAiax6sAUPIV072UoM7ljdNA074TapVWcaT8/Ao1JcWuC6Ho/aC8lQkVjvZQJ3PnQgR"
            "BQD3P3QHbyjnXgGZsfKfovcLmjEZDexU6HKnQOehseOMPRG8qCZ964Qs70JiI3rIdXJQaPMlY7R4rKjWqZ80y4h2uXFFsuhS"
            "nsit6oPq1Oxj4/8tF6L/77BckCynqSFoN4yJ91ySj8TwcH5DSHpPR99wyuh+JCcsE20+mM9ZBm1Bo9A4hX0HPYtNLCe48Opr"
            "+lDSYwkaShjGP0RryaYejEpog0eyQ17I5y7drqcCgYEA9VYIoLvyKKPKwgdfzVHO6N1m/kglkrW8QwUtIfKlhanmYsTS+MMb"
            "mYPFauoO5gZcK326G55MCyXCWMC6KfmiDYMtgUDBMXePelNxzI0C6gsIJ/qeSLiQRGKJ+53CZrDhEmBH0l5otgPmx7RwcIR9"
            "yCnkMbpLRvWwrkep9Uxt8qsCgYEA6nWNR4gv7M9IJqEdToCPoCE4FEyvFC41kdfiXJG43shpFF3ZzmBL2q1hqdW1nzSrFRdB"
            "Y4cw7MON8HEd+nDabLWN26C64fo1YfLyCuOoWnEaBYKCiBCetpsSJrEvBXxeVUrQQVOd87VVjVnAYqXyL0fJvJeWoMYE4vk2"
            "+l+zuNsCgYEAwfQBIClVmWFb8ybnSyeovxoByXd6FNEOA6H8+0CcMN6Pn3fhHf8JO8Ub9pkRrDJM/akIz7rGfW2dhpLe2j5b"
            "KfmRqQRrd1MBIAEGD2NPcX3FNe4A4pbenuGUGlKvFIYzeVaakSpH99V/xlPVLG7iDbNojxOrXW7w/ebz61Q/+78CgYEA4+Bm"
            "9TxfYCnC9ZCoXFFFxxwiVlCF5fZXqK2L2+7iIN3mi54AAL7FWwAjKR+GS/uzwGb+7c5K9gPHJAe9XFltYjU/cFSS7unyEoY/"
            "S+gjC+xbnzlOxxJoQBEOHj8d9ZYAVaPGL4gmv+TiBuVRwE+LyPpcEAnBo/dybmxMTCLSGfsCgYEA3nca2fjl7q9y6DKHNcLq"
            "XgxApqrcixpZhTepbrEIwAyq9+fsGrlcfUJGTMojm+lySSNIY4BwW9PNmbxDhi6X7KTpHeytRychzUaOZrq6xOKIGZYzh5wU"
            "tHfCire4oghtHumbIkmGYWI8CgkzyCd1QdrCl4jHzbKN5oaiJ+O+1Aw="
        ),
        b64("vfXmTCjJaUfSHIx+hQ2oBwyQO16u0JX2uP9IfW2c5ek="),
        b64(
            "M1/63Asbi9Kx62cN0kbnbczNyVWhaHoV90qj4VluvUPmB8ZAUl+J3alYCc/QZfG+TkoklHfST0ANTUyUOKCvlbJrKLQW5Cqp"
            "UOKlKFG1ITIEjxsc6UQyL8mcGqu0m3+uTC8P72dLUK3uO7tcbDOCK2COS5V3J1yiDHEK+fxBscAdnA/28NgyTcCOGnbiMtj+"
            "qgbHO79kBTvqNfHFKLJyJ2SCLvH/BiRudamiKhDaTqhPwkQb6iSzVQb4RH/PaQk8XSGrAwXM4sfqn/rDV8ZktJH8VfKRnsSQ"
            "w4rMurN4wlKsLfOEWs/1dex1JM0vWGzKFJfHTySymdbWJUyM2x0ifQ=="
        ),
    ),
    Signature(
        "RSA-4096",
        "NIST CAVS 11.4, SigGen15_186-2",
        "RSA",
        b64(
            "MIIJKgIBAAKCAgEA0lyPjJe35aapjeePGe8YB3z5UuZGIuQULmulyO4mXqmzS55cssGsAwdUf6pwEmIpsyCFmIwJdKAxmMif"
            "gwW+S9xEXuV3xgt6f9/Vz3KD8KHQ8tZbG6L7+3bFA57gapRNQK44Q8mk1gVx20zRbijOW5+5+oP6PPjPwehxA2ElaOzbGlxQ"
            "+9CRG2RZg7YpunK8LSKCB7SeAL2uG5BqoV6i0j+MDhJMnn3hs807m8agF8TePx1lSNrK1tSr1fTheaKl54L7j4GM+PMH+E9/"
            "O82BBZ5zGSA2rKAvgFBw7e2LXeAQN/KzS0Hoa7jER2BJLN5Lw7CA1bBiS/oQAr1qddBROwfDVOjt+Kb1fcFCkOuIUGWXiAmL"
            "mXH8BJLDztfDR4aJRE53HJQ0+2JOtCQ/dAw++cPz8IS/tZ9EpGodOxQ45mG6O6CNUlJVIkgWNItNaWR1zKw4cfx4NjhfcHhB"
            "LMWONnR9JIuxqxI/ozJWwQ0RAvd6YGQ/QkesHN/fTY1R3uqAeVlk+AH5fE+VXrGBE2uzmr7NNUlUHMydKeNKYyQaRUjoNsTS"
            "FZloWWEwoiJgiuCwnZ7TDL8E2DCDRX9g6KaGpFK6orCMF3reGjy+e8DW7YRsJMStW8r/OBf98zgeZMOcGN1PVOuC/CPTE5hD"
            "IoSJOZwVZWXfdfOAjL36pTWUusUCAwEAAQKCAgAopvySxesi9U9E/h/Yei0hnVQtYhThv0PrKKB0MRm3J4Jfta3iWa0dNLhu"
            "p4ha9R9r33gR39Yf9KlBBlxVHLIGxP1tfVjlK+izd5VBLrcytILFuwkGUTvy/6PZLEXgMuKvAjwbVYeGWK0FHVZHvJkMedSe"
            "Bg1A5TB5H6tfZNGu8j7xXC/GSisQqRbnbjeoMW4OJuIMDSqPqBhSeVkx8DD1ApTVT1IBOwB4F8xSMVNU5JWyisK9DpMuaxD+"
            "GwHL2NPI5rYoqHeO0KCUqwBClVc+t700eNY4DAjB+kmooURSku9vcHaXr5fz4VQFGyVpB1iK67wqD5kfZ6bacLJ3LBfWP9jR"
            "K5SrTg+vkzCktL/cxtkTcmLP9g7AA+YRgvIBvQfH06ytZ88ueA4poRI4eF1IAv+oE2v7TTVYtI6Mt3vWP/2bvqwPUdKX8Amn"
            "tgOjiGA8WdfWigLi4Ce8ckkXexheVnt6CSmG6ACBAdT1jpF8Xp7O9W1azAB2fg10tJwtO9KcopDo3gT24WHV5IrzJToXENH1"
            "t6UPiIoUF7EsIh/yXZsQYSiCmJTLFu7YQzOparsqwxC0pyvSB+rT3CVgk5MHp087o7iupXbNhGypY88zf7QbUGvSMgA247Rp"
            "r1odtaLXQZ38diRB2hEnXIgl2W1M4nA6Thg/0g1Kn7hdpqB7jQKCAQEA65J9yqjt9A0rwpUE8qtlN7WKjLeRHaBVZtImE37c"
            "Vthvhh9oQsdrktQXpKx9gnc88PvY+GLyRvHvKVALOcNYsFKel8Xc4mHdbtqqrToDysHtY31t1xwuBUxBdVBK6N47W4Hsy71m"
            "XVXBs7DxcVflLHVrhP04w+D7RsOdzPl0cOFU1yZgL3roYpRIvV9qpVDmULv0kswO5TmlV9BmjY+WCgNKTm54RolssUTZ32wW"
            "lFhG+tUT3CbEKTGkFwZQYNkeMoBq3OHzyNveTQxZwNI46R/QL2ewMwUxsVN5lIgQwIWnIYWSsrdv6tgJpegH9k0CMeS0X2xG"
            "6Y7m70PdDTcYhwKCAQEA5Jpp1nSbER8QoL4qAtY3q/nBQ2CMLsmkfGk2QjmxH4eo6SibJJAkEcPzfbzaodbEwyDw+t3eymnV"
            "ag0tJOSmidmztTOZdaby5Dyda5n3GDi9LtA7ePPgMmAVKIv7lvR5fl/ZR9sz4O374ufhSL9DL29TqsxkU1EnptBRAsSuT4Ag"
            "V1x/87AaJ5FNIMPv4aDQYvhHVKnoZXIuBE46iRQAxkYCBoLo1pzLLeQTvJREd0Qdg3B8UJhmOIAa6N1RsE9yeMie+cKMrf9Y"
            "EYdyQdIQsyhe6+xgTZqkJXjnkCVqg6w/Ee6LiughGzoI4br3mGttnJRT1fzbgwnzUyang3bBUwKCAQEA4qlXI7IbEqHBoz3j"
            "PuMvRsUEhJTzqf/lbENzo3qC44To+bIqjWZ32RT9ktLtCKVWG8EXaRc7aovKxINh6bhOE4nLUtlsyN3FQ65eXsLddy/VC89Z"
            "6ooQtcRDj28sRJffoRKIFxkr705eTFlKVvZtabOpOpKzFbXZ0KLTqK+1HA+TpFgmYEjwZDmtK5ktcdc/ZBsVHlH9Ww12S+IX"
            "asnnYcb8ri6Yx7XewUowIEtOBnpSAXMX4tHiGIjNC+JlYGpIJett5w35lSAI6zWg/mjHnXegxpwL62tp/ucEqqepBrUStKxj"
            "FFZv9xTbY6i4UIKURBF8g/wY1w1Kopk3jkme7QKCAQEAxtXUFtdHhSXbBaVBz0PaGnha9CrG42855YhxzDp36C/L6DkMcEn7"
            "RYSFhik8lSXD8OD3GYzf2nkhSmP5jyxd+mrj10jxQpcajxB18AB0HppDWrN99x9QMyDFZoYTJ+Kuxg/CYrCzuAHnZB5CIk9R"
            "tbGEOXwcCyf8cCijPeAqqTWNa88l76SNqzrDtisWu85vUpYXHPnIDGy6v733RgGjBtIfsuAse3bXdqv5yr2/q2kQrqGpT0Sv"
            "LJeoUEEoa00/CPWe6SihyjndtSl1ZPC828fSgCwSO421Fm7KIuOYeLzaAtPUhdaP7SmWThicgPN33IhbPzX3DEwcW4e0jjE9"
            "xwKCAQEAn9vs/4XWbg8LQxoNapAvP53pdBm9QFligeDx6i6jijb5KsVFxm2OaOXbqiJD6zodtIZju64yrOsidAnZ+pnqdEXk"
            "BLbiDE5dTEPkbPyRTKgI+vsItbYodk/FwTy7oXdBvli8uJ+EDZ08QF8AXszZJjedZDnsJgFTtHz/Km5Sdr8cXkGRxgiqbREo"
            "6hEsBaDldAG1YbaHnFrisNMp9inw5ZdH2vAx9mOvrKj3lcz2GSzsSZBhSb1zvIjPf57Q+3NGky3qajN16847H++B0YH+SKLS"
            "qBl4zHd0mDwd8sBgTvHSZLz9OTZUh8ajtklDAnA557APEnYV5eQucqL6WgroDw=="
        ),
        b64("atc7Q/p3xYkq10+SdrCw9ln+hQuF+oJQ7zvG7xMvDRo="),
        b64(
            "0Fj8XSObD5df4Q88Om82sOm+Msm9LlyB0Q04xtRivwjXCx2M6FzsvvoY9SZyyd57FSyTqJQ2wOte3hqnixfQfz7stii+EXoj"
            "tb49W9xIttULhk9ImRKcPpFyAZY+Bj7W6kKM+StM41jc3eMvGOdo7b9AxDys7WfN+XyhEz+LoVi5sFDr/1veInUrRk5XQMjG"
            "2ZDESykd32UjF6M2zO9uDopfCBExnG0hP79EumN/jzI0HqxSbqkGODeJVrurdJ11FI1qQItPbIl0khvNInS+aTcy4a4wg9F/"
            "3IllPkwi6EbTL5wYhT/wPH88wXYXXrzM68t2DZlas/PFV7Kza2NjgiNXKfwd+9iPqcdm2qNR4LCkrg2O1joBpFZANhoLtAVq"
            "rgdOjd8JblC7L0m2SyDf1HWhxf04YOUoO889+ruVLCAcDX/s95WVJnvUVfgltn9Zcjh5OwaVErZaXPeaL6bSaA6ABK9/v2Xv"
            "3PWRL8LTIceyvJaVSMPalgzs2UYx91RW0jTKOBKizK1Dmikt/en8mMG8PhcmL9sOFnEw+ok178hPq3d9dX8Nzrx26FyKSYi7"
            "pjNIrww4Oje0NKtgD4DylQU+B8zMhFdfgpJkXC279gYW76Rzdn1HCGcQ6x/CNi6XhNB8MUui1IqexGFuJWzMnftm1URPXQ7e"
            "Ice89nxRRoM="
        ),
    ),
]

AGREEMENTS = [
    Agreement(
        "ECDH P-256",
        "RFC 5903, 8.1",
        23,
        b64("yI8B9RDZrD9wopLaojFt5UTpqriv6EBJxiqcV4YtFDM="),
        b64("BNEt+1KJyNT4Egi3AnA5jDQilpcKC8y3THNvx1VElL9jVvvzyjZswj6BV4VME8WNaqwj8Eatow+DU+dPMwOYcqs="),
        b64("1oQPa0L27a/RMRbg4SVlIC/vjp7Ofc4DgSRk0EuUQt4="),
    ),
    Agreement(
        "ECDH P-384",
        "RFC 5903, 8.2",
        24,
        b64("CZ88cDTUosaZiE1zo3Wmf3Yk73xrPA8WBke2dBTc5lXjW1OAQeZJ7j+u+JZ4OrGU"),
        b64(
            "BOVY2+9T7s3j0/zPwa6giomph0ddEv2VDYPPpBcyvFCdDRrEOgM23vlv2kHQd0o1cdz77Hqs8xlkchaeg4QwNn9m7r48bnDE"
            "Ft1fDGh1ndH/+D+kAUIgnf9eqtltueY4bA=="
        ),
        b64("ERhzMcJ5li2T1gQkP9WSy50Kkm9CLkcYdSEofnFWxcTWAxNVabnp0Jz11KJw9ZdG"),
    ),
    Agreement(
        "X25519",
        "RFC 7748, 6.1",
        29,
        b64("XasIfmJKikt54X+Lg4AO5m87sSkmGLb9HC+LJ/+I4Os="),
        b64("hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo="),
        b64("Sl2dW6TOLeFyjjv0gDUPJeB+IclH0Z4zdvCbPB4WF0I="),
    ),
]

# Groups that a firmware may be without.
OPTIONAL = ("X25519",)


class Test:
    """One line of the table: `call(*arguments)` must give `expected`; None: it must fail."""

    def __init__(self, name, algorithm, call, arguments, expected, bulk=None):
        self.name = name
        self.algorithm = algorithm
        self.call = call
        self.arguments = arguments
        self.expected = expected
        self.bulk = bulk
        self.first = 0

    def result(self):
        """What is wrong, or "ok", or "not built in"."""
        try:
            seen, self.first = self.call(*self.arguments)
        except (OSError, ValueError) as error:
            if self.expected is None:
                return "ok"
            absent = isinstance(error, ValueError) and self.name.startswith(OPTIONAL)
            return "not built in" if absent else "FAILED: %r" % error
        return "ok" if seen == self.expected else "FAILED"

    def microseconds(self, arguments, first=0):
        """How long the operation takes, on average; `first`: how long it took when it was done before."""
        total = first
        times = 1 if first else 0
        while total < TRY_US and times < 100:
            total += self.call(*arguments)[1]
            times += 1
        return total / times


def changed(data):
    """`data` with another last bit."""
    return data[:-1] + bytes([data[-1] ^ 1])


def cipher_tests(c):
    mode = getattr(primitives, c.mode)
    call = primitives.crypt
    bulk = (mode, True, c.key, c.iv, BULK, c.aad)
    yield Test(c.name + " encrypt", c.algorithm, call, (mode, True, c.key, c.iv, c.plain, c.aad), c.sealed, bulk)
    yield Test(c.name + " decrypt", c.algorithm, call, (mode, False, c.key, c.iv, c.sealed, c.aad), c.plain)
    if len(c.sealed) > len(c.plain):
        wrong = (mode, False, c.key, c.iv, changed(c.sealed), c.aad)
        yield Test(c.name + " tampered", c.algorithm, call, wrong, None)


def signature_tests(s):
    verify = primitives.verify
    yield Test(s.name + " sign", s.algorithm, primitives.sign, (s.key, s.digest), s.signature)
    yield Test(s.name + " verify", s.algorithm, verify, (s.key, s.digest, s.signature), True)
    yield Test(s.name + " wrong", s.algorithm, verify, (s.key, changed(s.digest), s.signature), False)


def tests():
    """All tests, one after the other."""
    for d in DIGESTS:
        size = len(d.digest)
        yield Test(d.name, d.algorithm, primitives.digest, (size, d.message), d.digest, (size, BULK))
    for c in CIPHERS:
        yield from cipher_tests(c)
    for a in AGREEMENTS:
        yield Test(a.name, "ECC", primitives.agree, (a.group, a.private, a.public), a.secret)
    for s in SIGNATURES:
        yield from signature_tests(s)


def milliseconds(us):
    return "%10.3f" % (us / 1000)


def measured(test, times, engine, software):
    """The rest of a line. `software`: what can do without its engine."""
    row = milliseconds(times)
    row += " " + (milliseconds(test.microseconds(test.bulk)) if test.bulk else " " * 10)
    row += "    " + engine
    if test.algorithm in software:
        primitives.software_only(True)
        try:
            row += "; software:" + milliseconds(test.microseconds(test.arguments))
        finally:
            primitives.software_only(False)
    return row


def counted(before):
    """What engines have done since `before`, as text; nothing where the firmware does not count."""
    now = ssl.engine_counts()
    return "".join("; %s %d" % (key, now[key] - before[key]) for key in sorted(now) if now[key] != before[key])


def main():
    engines = ssl.engines()
    software = primitives.software_only(False)
    print("%-26s %-12s %10s %10s    %s" % ("algorithm", "result", "time ms", "4 KB ms", "computed by"))
    failed = []
    count = 0
    for test in tests():
        before = ssl.engine_counts()
        result = test.result()
        operations = counted(before)
        row = "%-26s %-12s " % (test.name, result)
        if result == "ok" and test.expected not in (None, False):
            engine = engines[test.algorithm] + operations
            row += measured(test, test.microseconds(test.arguments, test.first), engine, software)
        print(row)
        count += 1
        if result.startswith("FAILED"):
            failed.append(test.name)
    if failed:
        raise RuntimeError("self-test failed: " + ", ".join(failed))
    print("%d tests passed" % count)


main()
