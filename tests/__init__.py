from tests.typechecker import checked as checked
