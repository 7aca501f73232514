"""The numbers in the figure that moves are those of the formulas."""

import pathlib
import re
import shutil
import subprocess

import numpy as np
import pytest

from backprop.layers import conv2d, leaky_relu, linear, modulus, relu, sigmoid, tanh
from backprop.losses import mse
from backprop.optim import adagrad, adam, momentum, nesterov, rmsprop, sgd
from backprop.recurrent import lstm, rnn

SCRIPT = pathlib.Path(__file__).parents[2] / "book/_static/graph.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs chromium")
FLAGS = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking"
PAGE = """<div class="graph-figure"></div><script>%s</script><script>
document.addEventListener("DOMContentLoaded", () => {
  const inputs = document.querySelectorAll("input");
  %s.forEach((value, i) => {
    inputs[i].value = value;
    inputs[i].dispatchEvent(new Event("input"));
  });
  for (const name of %s) {
    [...document.querySelectorAll("button")].find((b) => b.textContent === name).click();
  }
});</script>"""


def shown(folder, numbers, *clicks):
    """Return the texts of the figure by class, and what stands beside each slider."""
    page = folder / "page.html"
    page.write_text(PAGE % (SCRIPT.read_text(encoding="utf-8"), list(numbers), list(clicks)))
    command = [CHROMIUM, *FLAGS.split(), f"--user-data-dir={folder}/user", "--dump-dom"]
    done = subprocess.run([*command, page.as_uri()], capture_output=True, text=True, timeout=60)
    dom = done.stdout.replace("\N{MINUS SIGN}", "-")
    found = {
        kind: re.findall(rf'class="{kind}">([^<]*)<', dom)
        for kind in ("value", "gradient", "slope")
    }
    return found, dict(re.findall(r'<output data-of="(\w+)">([^<]*)<', dom))


NUMBERS = (1.5, -0.5, 2.0, 0.75, 0.5, 2.5, -1.25, 0.3)  # x, w1, b1, w2, b2, U1, U2, target


def expected():
    """Return the gradients on x, W, b, U, and the values, by the package."""
    x, w1, b1, w2, b2, U1, U2, target = NUMBERS
    x, W, b, U = np.array([[x]]), np.array([[w1], [w2]]), np.array([b1, b2]), np.array([[U1, U2]])
    a, of_W = linear.forward(x, W, b)
    z, of_relu = relu.forward(a)
    y, of_U = linear.forward(z, U, np.zeros(1))
    loss, of_loss = mse.forward(y, target=np.array([[target]]))
    dy = mse.backward(1.0, of_loss)
    dz, dU, _ = linear.backward(dy, of_U)
    da = relu.backward(dz, of_relu)
    dx, dW, db = linear.backward(da, of_W)
    values = [x[0, 0], *a[0], *z[0], y[0, 0], loss]
    nodes = [dx[0, 0], *da[0], *dz[0], dy[0, 0], 1.0]
    sliders = dict(zip(("w1", "w2"), dW[:, 0], strict=True))
    sliders |= dict(zip(("b1", "b2", "U1", "U2", "x"), [*db, *dU[0], dx[0, 0]], strict=True))
    return values, nodes, sliders


def test_values_and_gradients_are_those_of_the_package(tmp_path):
    found, beside = shown(tmp_path, NUMBERS)
    values, nodes, sliders = expected()
    np.testing.assert_allclose([float(v) for v in found["value"]], values, atol=6e-4)
    np.testing.assert_allclose([float(v) for v in found["gradient"]], nodes, atol=6e-4)
    for name, gradient in sliders.items():
        assert float(beside[name].split("gradient ")[1]) == pytest.approx(gradient, abs=6e-4)


def test_the_gradient_goes_back_edge_by_edge(tmp_path):
    _, nodes, _ = expected()
    found, _ = shown(tmp_path, NUMBERS, "Start backward", "One edge", "One edge")
    assert [bool(v) for v in found["gradient"]] == [False, False, False, True, False, True, True]
    np.testing.assert_allclose(float(found["gradient"][3]), nodes[3], atol=6e-4)


def test_a_step_against_the_gradient_lowers_the_loss(tmp_path):
    before, _ = shown(tmp_path, NUMBERS)
    after, _ = shown(tmp_path, NUMBERS, "Step against the gradient")
    assert float(after["value"][-1]) < float(before["value"][-1])


@pytest.mark.parametrize("angle", [0, 35])
def test_the_optimisers_take_the_steps_of_the_package(tmp_path, angle):
    kappa, part, small, mu, steps = 12, 0.6, 0.25, 0.7, 9
    values = [kappa, angle, part, small, mu, steps]
    page = tmp_path / "page.html"
    script = SCRIPT.with_name("descent.js").read_text(encoding="utf-8")
    page.write_text(PAGE.replace("graph-figure", "descent-figure") % (script, values, []))
    command = [CHROMIUM, *FLAGS.split(), f"--user-data-dir={tmp_path}/user", "--dump-dom"]
    dom = subprocess.run([*command, page.as_uri()], capture_output=True, text=True, timeout=60)
    lines = re.findall(r'points="([^"]*)"', dom.stdout)
    found = [np.array([p.split(",") for p in line.split()], float) * [1, -1] for line in lines]
    turn = np.radians(angle)
    R = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    A = R @ np.diag([kappa, 1.0]) @ R.T
    plain, own = {"lr": part * 2 / kappa}, {"lr": small}
    methods = [(sgd, plain), (momentum, plain | {"momentum": mu})]
    methods += [(nesterov, plain | {"momentum": mu}), (adagrad, own)]
    methods += [(rmsprop, own | {"corrected": True}), (adam, own)]
    assert len(found) == len(methods)
    for path, (optimiser, options) in zip(found, methods, strict=True):
        w = [R @ [2.0, 1.0]]
        state, expected = optimiser.init(w), [w[0]]
        for _ in range(steps):
            w, state = optimiser.step(w, [A @ w[0]], state, **options)
            expected.append(w[0])
        np.testing.assert_allclose(path, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "layer", "constants"),
    [
        ("ReLU", relu, {}),
        ("leaky ReLU, slope 0.1", leaky_relu, {"slope": 0.1}),
        ("sigmoid", sigmoid, {}),
        ("tanh", tanh, {}),
        ("modulus", modulus, {}),
    ],
)
@pytest.mark.parametrize("a", [-1.5, 0.0, 0.75])
def test_activations_and_their_derivatives_are_those_of_the_package(
    tmp_path, name, layer, constants, a
):
    page = tmp_path / "page.html"
    script = SCRIPT.with_name("activations.js").read_text(encoding="utf-8")
    choose = (
        "document.addEventListener('DOMContentLoaded', () => {"
        f"const s = document.querySelector('select'); s.value = {name!r};"
        "s.dispatchEvent(new Event('change'));});"
    )
    text = PAGE.replace("graph-figure", "activation-figure") % (script, [a], [])
    page.write_text(text + f"<script>{choose}</script>")
    command = [CHROMIUM, *FLAGS.split(), f"--user-data-dir={tmp_path}/user", "--dump-dom"]
    dom = subprocess.run([*command, page.as_uri()], capture_output=True, text=True, timeout=60)
    found = re.search(r"<output>f\(\S+\) = (\S+), f\S+ = (\S+)</output>", dom.stdout)
    y, cache = layer.forward(np.array([[a]]), **constants)
    slope = layer.backward(np.array([[3.0]]), cache) / 3
    assert [float(v) for v in found.groups()] == pytest.approx([y[0, 0], slope[0, 0]], abs=1e-4)


@pytest.mark.parametrize(
    ("padding", "stride", "flip"), [(0, 1, False), (1, 1, True), (2, 2, False), (1, 2, True)]
)
def test_the_sums_of_the_convolution_are_those_of_the_package(tmp_path, padding, stride, flip):
    script = SCRIPT.with_name("convolution.js").read_text(encoding="utf-8")
    kind = "convolution (flipped)" if flip else "correlation"
    act = (
        "document.addEventListener('DOMContentLoaded', () => {"
        f"[{str(padding)!r}, {str(stride)!r}, {kind!r}].forEach((value, i) => {{"
        "const s = document.querySelectorAll('select')[i]; s.value = value;"
        "s.dispatchEvent(new Event('change'));});"
        "const said = document.createElement('pre');"
        "for (const cell of document.querySelectorAll('table')[0].querySelectorAll('td')) {"
        "cell.dispatchEvent(new Event('focus'));"
        "said.append(document.querySelector('p').textContent + '\\n');}"
        "document.body.append(said);});"
    )
    page = tmp_path / "page.html"
    page.write_text(
        f'<div class="convolution-figure"></div><script>{script}</script><script>{act}</script>'
    )
    command = [CHROMIUM, *FLAGS.split(), f"--user-data-dir={tmp_path}/user", "--dump-dom"]
    done = subprocess.run([*command, page.as_uri()], capture_output=True, text=True, timeout=60)
    dom = done.stdout.replace("\N{MINUS SIGN}", "-")
    image, kernel, output = (
        [float(v) for v in re.findall(r"<td[^>]*>([-\d]+)</td>", table)]
        for table in re.findall(r"<table.*?</table>", dom, flags=re.S)
    )
    x, W = np.reshape(image, (1, 1, 5, 5)), np.reshape(kernel, (1, 1, 3, 3))
    y, cache = conv2d.forward(x, W, np.zeros(1), stride=stride, padding=padding, flip=flip)
    np.testing.assert_allclose(np.reshape(output, y.shape), y)
    dy = np.random.default_rng(0).standard_normal(y.shape)
    dx = np.zeros((5, 5))
    said = dom.split("<pre>")[1]
    for i, j, terms in re.findall(r"dx\[(\d),(\d)\] = (.*)", said):
        for e, f, w in re.findall(r"dy\[(\d),(\d)\]\N{MIDDLE DOT}\(([-\d]+)\)", terms):
            dx[int(i), int(j)] += dy[0, 0, int(e), int(f)] * float(w)
    np.testing.assert_allclose(dx, conv2d.backward(dy, cache)[0][0, 0], atol=1e-12)


@pytest.mark.parametrize(("skip", "weight", "bias"), [(0.5, 0.6, 1.0), (0.0, -1.5, -2.0)])
def test_the_fading_gradients_are_those_of_the_cells(tmp_path, skip, weight, bias):
    page = tmp_path / "page.html"
    script = SCRIPT.with_name("fading.js").read_text(encoding="utf-8")
    values = [skip, weight, bias]
    page.write_text(PAGE.replace("graph-figure", "fading-figure") % (script, values, []))
    command = [CHROMIUM, *FLAGS.split(), f"--user-data-dir={tmp_path}/user", "--dump-dom"]
    done = subprocess.run([*command, page.as_uri()], capture_output=True, text=True, timeout=60)
    found = [float(v) for v in re.findall(r'data-first="([^"]+)"', done.stdout)]
    x, state, one = np.sin(0.7 * np.arange(1, 31)).reshape(30, 1, 1), np.zeros((1, 1)), np.ones
    last = np.zeros((30, 1, 1))
    last[-1] = 1.0
    _, cache = rnn.forward(x, state, weight * one((1, 1)), one((1, 1)), np.zeros(1), skip=skip)
    dh0 = rnn.backward(last, cache)[1]
    b = np.array([0.3, -0.2, bias, 0.5])
    _, cache = lstm.forward(x, state, state, np.zeros((4, 1)), one((4, 1)) * 0, b)
    dc0 = lstm.backward((np.zeros_like(last), last), cache)[2]
    assert abs(dh0[0, 0]) > 0
    assert found == pytest.approx([dh0[0, 0], dc0[0, 0]], rel=1e-9)
