"""The techniques of MITRE ATLAS that kinds of cause stand for."""

from types import MappingProxyType

TECHNIQUES = MappingProxyType({"tampering": "AML.T0047", "backdoor": "AML.T0018", "poisoning": "AML.T0020"})
