# %% nbgrader={"grade": false, "grade_id": "setup", "locked": true, "schema_version": 3, "solution": false, "task": false}
import numpy as np


# %% nbgrader={"grade": false, "grade_id": "energy_j", "locked": false, "schema_version": 3, "solution": true, "task": false}
def energy_j(power_w, time_s):
    """Return the energy [J] of a constant power [W] over a time [s]."""
    ### BEGIN SOLUTION
    return power_w * time_s
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_energy_j", "locked": true, "points": 2, "schema_version": 3, "solution": false, "task": false}
assert energy_j(0.0, 10.0) == 0.0, "no power, no energy"
### BEGIN HIDDEN TESTS
assert abs(energy_j(7.0, 6.0) - 42.0) < 1e-9, "the product of power and time"
### END HIDDEN TESTS


# %% nbgrader={"grade": false, "grade_id": "present_value_usd", "locked": false, "schema_version": 3, "solution": true, "task": false}
def present_value_usd(payments_usd, rate):
    """Return the value today [USD] of payments at the end of years 1, 2, 3 …, discounted by `rate`."""
    ### BEGIN SOLUTION
    years = np.arange(1, len(payments_usd) + 1)
    return float(np.sum(np.asarray(payments_usd) / (1 + rate) ** years))
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_present_value_usd", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
assert present_value_usd([1.0, 2.0], 0.0) == 3.0, "without a rate it is the sum"
### BEGIN HIDDEN TESTS
assert abs(present_value_usd([110.0, 121.0], 0.1) - 200.0) < 1e-9, (
    "the first payment comes after a year"
)
### END HIDDEN TESTS


# %% nbgrader={"grade": false, "grade_id": "shares", "locked": false, "schema_version": 3, "solution": true, "task": false}
def shares(sales_usd):
    """Return each firm's share of the sales; sales that sum to nothing are a ValueError."""
    ### BEGIN SOLUTION
    total_usd = sum(sales_usd)
    if total_usd <= 0:
        raise ValueError(f"the sales sum to {total_usd}: more than 0 is needed")
    return [sale_usd / total_usd for sale_usd in sales_usd]
    ### END SOLUTION


# %% nbgrader={"grade": true, "grade_id": "test_shares", "locked": true, "points": 3, "schema_version": 3, "solution": false, "task": false}
assert abs(sum(shares([1.0, 2.0, 5.0])) - 1.0) < 1e-9, "shares sum to one"
### BEGIN HIDDEN TESTS
assert np.allclose(shares([1.0, 3.0]), [0.25, 0.75]), "each sale over the sum of all"
try:
    shares([0.0, 0.0])
except ValueError:
    pass
else:
    raise AssertionError("no sales at all have no shares")
### END HIDDEN TESTS
