"""Runs unittest as `python -m unittest` does and writes a JUnit report: unittest has no writer of its own.

thymus puts this file outside the repository. Usage: unittest_junit.py REPORT [arguments of python -m unittest]
"""

import os
import sys
import time
import unittest
from xml.sax.saxutils import quoteattr

REPORT = sys.argv[1]


class Result(unittest.TextTestResult):
    """Keeps one line for each test; a subtest that fails makes its test fail."""

    def startTestRun(self):
        super().startTestRun()
        self.rows = {}

    def startTest(self, test):
        super().startTest(test)
        self.began = time.perf_counter()
        self.rows[id(test)] = [test, "passed", "", 0.0]

    def stopTest(self, test):
        super().stopTest(test)
        self.rows[id(test)][3] = time.perf_counter() - self.began

    def mark(self, test, kind, why):
        # Fixtures of a class or module fail without a test having started.
        row = self.rows.setdefault(id(test), [test, "passed", "", 0.0])
        if row[1] == "passed" or kind == "failure":
            row[1], row[2] = kind, brief(str(why))

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.mark(test, "failure", err[1])

    def addError(self, test, err):
        super().addError(test, err)
        self.mark(test, "failure", "%s: %s" % (err[0].__name__, err[1]))

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self.mark(test, "failure", err[1])

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.mark(test, "skipped", reason)

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.mark(test, "failure", "it passes and was expected to fail")

    def stopTestRun(self):
        super().stopTestRun()
        lines = ['<?xml version="1.0" encoding="utf-8"?>', '<testsuite>']
        for test, kind, why, seconds in self.rows.values():
            classname, _, name = test.id().rpartition(".")
            if test.id().endswith(")"):
                classname, name = "", test.id()
            head = "<testcase classname=%s name=%s time=\"%.6f\"" % (attribute(classname), attribute(name), seconds)
            body = "/>" if kind == "passed" else "><%s message=%s/></testcase>" % (kind, attribute(why))
            lines.append(head + body)
        lines.append("</testsuite>\n")
        with open(REPORT, "w", encoding="utf-8", errors="replace") as file:
            file.write("\n".join(lines))


class Runner(unittest.TextTestRunner):
    resultclass = Result


def brief(text):
    """An import that fails brings its whole traceback; what happened stands last."""
    return text if len(text) <= 280 else text[:60] + " ... " + text[-200:]


def attribute(text):
    allowed = "".join(c if c >= " " and c not in "\ufffe\uffff" else " " for c in text)
    return quoteattr(allowed.encode("utf-8", "replace").decode("utf-8"))


# As with -m: the folder it is started in comes first.
sys.path[0] = os.getcwd()
unittest.main(module=None, argv=["python -m unittest"] + sys.argv[2:], testRunner=Runner)
