"""The armored form of an SSH signature, read strictly: one spelling per signature.

A lenient reader lets one signature be written in many ways, and lets text ride along that looks signed. ssh-keygen
wraps base64 at 70 columns and other writers at 64 or 76, so the width is free; nothing else is.
"""

import base64
import binascii

from gitops_models.trust.problem import SignatureProblem

__all__ = ["BEGIN", "END", "armor", "dearmor", "decode"]

BEGIN = b"-----BEGIN SSH SIGNATURE-----"
END = b"-----END SSH SIGNATURE-----"
MAX_BYTES = 16 * 1024
_WIDTH = 70


def armor(blob: bytes) -> str:
    """``blob`` as ssh-keygen writes it, with a newline at the end."""
    text = base64.b64encode(blob).decode()
    lines = [text[at : at + _WIDTH] for at in range(0, len(text), _WIDTH)]
    return "\n".join([BEGIN.decode(), *lines, END.decode(), ""])


def dearmor(text: bytes) -> bytes:
    """Return the bytes inside the armor; one newline may follow the END line.

    Raises GM-T010 (no such armor), GM-T011 (text around it), GM-T012 (white space inside), GM-T013 (CR),
    GM-T014 (not base64 in its one form).
    """
    _check_frame(text)
    body = text.removesuffix(b"\n")[len(BEGIN) + 1 : -len(END) - 1]
    joined = body.replace(b"\n", b"")
    if joined.split() != [joined] or b"\n\n" in b"\n" + body + b"\n":
        raise SignatureProblem("GM-T012", "white space inside the base64 of the signature")
    return decode(joined)


def decode(joined: bytes) -> bytes:
    """Return the bytes of the base64 of an armor of any kind, its lines joined; GM-T014 (not in its one form)."""
    try:
        blob = base64.b64decode(joined, validate=True)
    except binascii.Error as error:
        raise SignatureProblem("GM-T014", "the signature is not base64") from error
    # The unused bits of the last character are free in base64: only one of the spellings is accepted.
    if base64.b64encode(blob) != joined:
        raise SignatureProblem("GM-T014", "the base64 of the signature is not in its one form")
    return blob


def _check_frame(text: bytes) -> None:
    if len(text) > MAX_BYTES:
        raise SignatureProblem("GM-T010", f"a signature of more than {MAX_BYTES} bytes")
    if b"\r" in text:
        raise SignatureProblem("GM-T013", "carriage return in the signature")
    begin, end = text.find(BEGIN), text.find(b"\n" + END)
    if begin < 0 or end < begin + len(BEGIN):
        raise SignatureProblem("GM-T010", "no SSH signature between a BEGIN and an END line")
    if begin or text[len(BEGIN) : len(BEGIN) + 1] != b"\n" or text[end + 1 :] not in (END, END + b"\n"):
        raise SignatureProblem("GM-T011", "text before the BEGIN line, on it, or on or after the END line")
