"""A derivation: given tensors, forward equations, and claims about their gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from backprop.proofs.claim import Claim
from backprop.proofs.derivative import Opener, name_of
from backprop.proofs.errors import DimensionError
from backprop.proofs.evaluate import Evaluator
from backprop.proofs.indices import ZZ, Expr, Index, Sum, free_indices, names_over, substitute
from backprop.proofs.report import Reports
from backprop.proofs.rings import Dual, Reals
from backprop.proofs.tensors import Matrix, Tensor

if TYPE_CHECKING:
    from backprop.proofs.answer import Question

Definition = tuple[tuple[Index, ...], Expr]


Values = ArrayLike | Callable[..., Any] | tuple[Callable[..., Any], ...]
"""An array, or for an opaque function what stands for it and for its derivatives."""


class Upstream(NamedTuple):
    """What an opaque gradient stands for: the gradient of a loss on an output."""

    output: Tensor
    loss: str
    fixed: list[Tensor]  # other outputs that are computed from this one, and held fixed


class Derivation:
    """The statements of one derivation: tensors, forward equations, claims.

    Whatever is ill-typed raises `DimensionError` at once, with both shapes.

    Parameters
    ----------
    name : str
        What is derived, for messages.
    source : str
        Where it is printed.

    Examples
    --------
    >>> from backprop.proofs import dims, index
    >>> N = dims("N")
    >>> i = index("i", N)
    >>> p = Derivation("square")
    >>> x = p.tensor("x", N)
    >>> L = p.let("L", (), Sum(x[i] ** 2, i))
    >>> p.claim("dx", of=L, wrt=x, equals=2 * x).prove().verdict
    'proved'
    """

    def __init__(self, name: str, source: str = "") -> None:
        self.name, self.source = name, source
        self.tensors: dict[str, Tensor] = {}
        self.definitions: dict[str, Definition] = {}
        self.claims: dict[str, Claim] = {}
        self.positives: set[str] = set()
        self.distributions: set[str] = set()
        self.integers: list[Expr] = []
        self.upstreams: dict[str, Upstream] = {}
        self.depends: dict[str, set[str]] = {}  # the names behind each definition

    def __repr__(self) -> str:
        """Return the name."""
        return f"Derivation({self.name!r})"

    # -- names ------------------------------------------------------------------------------

    def tensor(self, name: str, *dims: Expr, latex: str | None = None) -> Tensor:
        """Declare a given tensor by its dimensions.

        Parameters
        ----------
        name : str
            The name, which is also the name of its array in `numpy`.
        *dims : dimension, int or ZZ
            The dimension of each slot.
        latex : str, optional
            How to print the name.

        Returns
        -------
        Tensor
            ``x[n, d]`` is an entry; ``x`` itself stands in matrix notation, where ``*`` is the
            matrix product, ``.T`` transposes, and a tensor of rank one is a column.

        Examples
        --------
        >>> from backprop.proofs import dims
        >>> N, D, M = dims("N D M")
        >>> p = Derivation("linear layer")
        >>> x, W = p.tensor("x", N, D), p.tensor("W", M, D)
        >>> (x * W.T).shape
        (N, M)
        >>> x * W
        Traceback (most recent call last):
            ...
        backprop.proofs.errors.DimensionError: x * W: shapes (N, D) and (M, D) do not fit, \
D is not M
        """
        return self._new(Tensor(name, dims, latex))

    def scalar(self, names: str, positive: bool = False, latex: str | None = None) -> Any:
        """Declare given scalars.

        Parameters
        ----------
        names : str
            One or more names, such as "alpha beta".
        positive : bool
            Whether they are known to be positive.
        latex : str, optional
            How to print the name.

        Returns
        -------
        Symbol or tuple of Symbol
            One symbol for one name, a tuple for several.
        """
        made = []
        for name in names.replace(",", " ").split():
            t = self._new(Tensor(name, (), latex))
            if positive:
                t.symbol = sp.Symbol(name, positive=True)
                self.positives.add(name)
            made.append(t.symbol)
        return made[0] if len(made) == 1 else tuple(made)

    def integer(self, names: str) -> Any:
        """Declare symbolic positive integers: a stride, a dilation.

        Parameters
        ----------
        names : str
            One or more names.

        Returns
        -------
        Symbol or tuple of Symbol
            Factors for indices over ZZ, as in ``x[s * e + a]``.
        """
        made = sp.symbols(names, integer=True, positive=True)
        self.integers += [made] if isinstance(made, sp.Symbol) else list(made)
        return made

    def distribution(self, t: Tensor) -> Tensor:
        """Let the entries of a tensor sum to one over its last index; return the tensor."""
        self.distributions.add(t.name)
        return t

    def positive(self, t: Tensor) -> Tensor:
        """Let the entries of a tensor be positive; return the tensor."""
        self.positives.add(t.name)
        return t

    def let(
        self, name: str, indices: Index | Sequence[Index], body: Any, latex: str | None = None
    ) -> Any:
        """State a forward equation: define a tensor by its entry.

        Parameters
        ----------
        name : str
            The name of what is defined.
        indices : Index or tuple of Index
            The free indices of the entry; () defines a scalar.
        body : expression or Matrix
            The entry at these indices, or the whole in matrix notation.
        latex : str, optional
            How to print the name.

        Returns
        -------
        Tensor or Symbol
            What was defined.

        Raises
        ------
        ValueError
            A `DimensionError`, if an index occurs in the body only, or a name is unknown.
        """
        at = (indices,) if isinstance(indices, Index) else tuple(indices)
        if isinstance(body, Matrix):
            body = body.entry(*fit(body, at, name))
        body = sp.sympify(body)
        stray = free_indices(body) - set(at)
        if stray:
            raise DimensionError(
                f"{name}: {', '.join(sorted(map(str, stray)))} occurs in the body only; "
                f"the indices of {name} are ({', '.join(map(str, at))})"
            )
        self.check_names(body)
        t = self._new(Tensor(name, tuple(i.dim for i in at), latex))
        self.definitions[name], self.depends[name] = (at, body), self.behind(body)
        return t if at else t.symbol

    def upstream(self, *outputs: Any) -> tuple[Any, ...]:
        """Return an opaque gradient for each output, and the loss that stands for every loss.

        The loss is the sum of gradient times output over all entries, so that its gradient
        on anything is what backpropagation computes.

        Parameters
        ----------
        *outputs : Tensor, Symbol or str
            The outputs.  Strings after them name the gradients and the loss; the defaults are
            "d" before the name of the output, and "L".

        Returns
        -------
        tuple
            A tensor for each gradient, in the shape of its output, and the loss.
        """
        names = [o for o in outputs if isinstance(o, str)]
        tensors = [self.of(o) for o in outputs if not isinstance(o, str)]
        names = names or [*(f"d{t.name}" for t in tensors), "L"]
        gradients, loss = [], sp.S.Zero
        for t, name in zip(tensors, names[:-1], strict=True):
            g = self.tensor(name, *t.shape)
            at = tuple(map(Index.over, t.shape))
            loss = loss + Sum(g[at] * t[at], *at)
            gradients.append(g if t.rank else g.symbol)
            self.upstreams[name] = Upstream(t, names[-1], self._fixed(t, tensors))
        return (*gradients, self.let(names[-1], (), loss))

    def _fixed(self, t: Tensor, outputs: Sequence[Tensor]) -> list[Tensor]:
        """Return the outputs that are computed from another one."""
        others = [o for o in outputs if o is not t and o.name in self.definitions]
        return [o for o in others if t.name in self.depends[o.name]]

    def behind(self, e: Expr) -> set[str]:
        """Return the names that an expression mentions, directly or through definitions."""
        found = {name_of(a) for a in e.atoms(sp.Indexed, sp.Symbol) if self._named(a)}
        return found.union(*(self.depends.get(name, set()) for name in found))

    def letters(self, dim: Expr) -> Iterator[str]:
        """Return names for indices over a dimension that nothing else here has."""
        others = {next(names_over(other)) for other in self.dimensions() if other != dim}
        own = next(names_over(dim))
        return (n for n in names_over(dim) if n not in self.tensors and n not in others - {own})

    def fresh(self, shape: Iterable[Expr], taken: Iterable[str] = ()) -> tuple[Index, ...]:
        """Return new indices over dimensions, named by them."""
        used = set(taken)
        out: list[Index] = []
        for dim in shape:
            out.append(Index(next(n for n in self.letters(dim) if n not in used), dim))
            used.add(out[-1].name)
        return tuple(out)

    def of(self, e: Any) -> Tensor:
        """Return the tensor of an entry, of a scalar symbol, or of a name."""
        if isinstance(e, Tensor):
            return e
        name = e if isinstance(e, str) else name_of(sp.sympify(e))
        if name not in self.tensors:
            raise DimensionError(f"{self.name}: {name} is not declared")
        return self.tensors[name]

    def check_names(self, e: Expr) -> None:
        """Raise DimensionError if an expression mentions a name that is not declared."""
        for a in e.atoms(sp.Indexed, sp.Symbol) - {e.base.label for e in e.atoms(sp.Indexed)}:
            size = a.is_Symbol and a.is_integer and a.is_positive
            if not isinstance(a, Index) and not size:
                self.of(a)

    def given(self) -> list[Tensor]:
        """Return the tensors that are not defined by an equation."""
        return [t for t in self.tensors.values() if t.name not in self.definitions]

    def dimensions(self) -> list[Expr]:
        """Return the dimensions that need a size, sorted by name."""
        every: set[Expr] = set()
        for t in self.tensors.values():
            every |= {dim for dim in t.shape if dim != ZZ and not dim.is_Integer}
        for _, body in self.definitions.values():
            every |= {i.dim for i in body.atoms(Index) if i.dim != ZZ and not i.dim.is_Integer}
        for claim in self.claims.values():
            every |= claim.dimensions()
        return sorted(every, key=str)

    def _new(self, t: Tensor) -> Tensor:
        if t.name in self.tensors:
            raise DimensionError(f"{self.name}: {t.name} is declared twice")
        self.tensors[t.name] = t
        return t

    # -- definitions ------------------------------------------------------------------------

    def opener(self, names: Iterable[str] | None = None, closed: Iterable[str] = ()) -> Opener:
        """Return what opens the definitions of these names, or of all but the closed ones."""
        opened = set(self.definitions if names is None else names) - set(closed)

        def open_one(e: Expr) -> Expr | None:
            name = name_of(e)
            if name not in opened or name not in self.definitions:
                return None
            indices, body = self.definitions[name]
            at = e.indices if isinstance(e, sp.Indexed) else ()
            return substitute(body, dict(zip(indices, at, strict=True)))

        return open_one

    # -- claims -----------------------------------------------------------------------------

    def claim(
        self,
        id: str,
        *,
        of: Any = None,
        wrt: Any = None,
        equals: Any,
        lhs: Any = None,
        layout: str = "gradient",
        total: bool = True,
        zero: bool = False,
        note: str = "",
    ) -> Claim:
        """State that the derivative of `of` on `wrt` equals a formula, or that `lhs` does.

        Parameters
        ----------
        id : str
            A name for the claim.
        of, wrt : entry, scalar or Tensor
            What is differentiated by what.  A whole tensor gets fresh indices.
        equals : expression or Matrix
            The claimed derivative, as the entry at the indices or in matrix notation.
        lhs : expression or Matrix
            The left side of an identity, instead of `of` and `wrt`.
        layout : str
            How a matrix is laid out: "gradient" in the shape of `wrt`, "row" as a 1 x n row,
            "transposed", or "jacobian" with one row for each entry of `of`.
        total : bool
            Differentiate through definitions; else hold all other defined names fixed.
        zero : bool
            Say that the derivative is meant to be zero.
        note : str
            A remark for the reader.

        Returns
        -------
        Claim
            The claim, which is also `claims[id]`.

        Raises
        ------
        ValueError
            A `DimensionError`, if the statement is ill-typed.
        """
        made = Claim(self, id, of, wrt, equals, lhs, layout, total, zero, note)
        self.claims[id] = made
        return made

    def question(
        self,
        *,
        of: Any,
        wrt: Any,
        letters: str | Mapping[str, Any] | None = None,
        total: bool = True,
    ) -> Question:
        """Ask the reader for a derivative; `question.answer` says whether a formula is it.

        Parameters
        ----------
        of, wrt : entry, scalar, Tensor or str
            What is differentiated by what, as in `claim`, or its name.
        letters : str or mapping, optional
            What an answer may be made of: names as in "x W dy", or by the name that is to be
            written a tensor, a scalar or an opaque function.  By default every tensor and
            scalar of the derivation.
        total : bool
            Differentiate through definitions; else hold all other defined names fixed.

        Returns
        -------
        Question
            The question, which a notebook shows.

        Examples
        --------
        >>> from backprop.proofs import dims, exp, index
        >>> n = index("n", dims("N"))
        >>> p = Derivation("exponential")
        >>> x = p.tensor("x", n.dim)
        >>> y = p.let("y", n, exp(x[n]))
        >>> dy, L = p.upstream(y)
        >>> p.question(of=L, wrt=x).answer("dy * y")
        Right: proved for all N.
        """
        from backprop.proofs.answer import Question

        return Question(self, of, wrt, letters, total)

    def verify(self, mutants: bool | int = False) -> Reports:
        """Decide every claim; never raise for a wrong one.

        Parameters
        ----------
        mutants : bool or int
            Whether to try altered formulas too, or how many of them.

        Returns
        -------
        list of Report
            One report for each claim; displays as cards.
        """
        return Reports(c.verify(mutants=mutants) for c in self.claims.values())

    def prove(self, mutants: bool | int = True) -> Reports:
        """Prove every claim and refute every mutant of it.

        Parameters
        ----------
        mutants : bool or int
            Whether to try altered formulas, or how many of them.

        Returns
        -------
        list of Report
            One report for each claim; displays as cards.

        Raises
        ------
        AssertionError
            A `ProofError`, if a claim is not proved, or an altered one is not told from it.
        """
        return Reports(c.prove(mutants=mutants) for c in self.claims.values())

    # -- numbers ----------------------------------------------------------------------------

    def run(self, given: Mapping[str, Values]) -> Evaluator:
        """Evaluate the definitions that the arrays suffice for, in float64.

        An array with axes over ZZ starts at position 0 and is zero elsewhere; sums run over
        a window as wide as all such arrays together.
        """
        functions = {name: calls(v) for name, v in given.items() if calls(v)}
        arrays: dict[str, Any] = {n: v for n, v in given.items() if n not in functions}
        sizes = {s: int(np.asarray(arrays[str(s)])) for s in self.integers if str(s) in arrays}
        for name, t in self.tensors.items():
            if name in arrays:
                for dim, n in zip(t.shape, np.shape(arrays[name]), strict=True):
                    if dim != ZZ and sizes.setdefault(dim, n) != n:
                        raise ValueError(f"{name}: size {n} of {dim}, but it is {sizes[dim]}")
        reach = [
            max((n for dim, n in zip(t.shape, np.shape(arrays[t.name]), strict=True) if dim == ZZ))
            for t in self.tensors.values()
            if ZZ in t.shape and t.name in arrays
        ]
        out = Evaluator(ring := Reals(functions), sizes, sum(reach))
        for name in self.tensors:
            if name in arrays:
                out.store(name, Dual(ring, np.asarray(arrays[name], dtype=float)))
        for name, (indices, body) in self.definitions.items():
            used = {name_of(e) for e in body.atoms(sp.Indexed, sp.Symbol) if self._named(e)}
            if used <= out.stored.keys() and name not in out.stored:
                out.define(name, indices, body)
        return out

    def _named(self, e: Expr) -> bool:
        return not isinstance(e, Index) and name_of(e) in self.tensors

    def numpy(self, name: str, /, **arrays: Values) -> NDArray[np.float64]:
        """Evaluate a definition on arrays.

        Parameters
        ----------
        name : str
            The defined name.
        **arrays : array_like, or tuple of callables
            The arrays by the names of tensors.  For an opaque function f a tuple of
            callables, the function, its derivative and so on as far as they are needed;
            without it a sine stands for f.

        Returns
        -------
        array
            The value, with one axis for each index of the definition.

        Raises
        ------
        ValueError
            If an array or a callable is missing, or sizes contradict each other.

        Examples
        --------
        >>> from backprop.proofs import dims, function, index
        >>> p = Derivation("activation")
        >>> n = index("n", dims("N"))
        >>> x = p.tensor("x", n.dim)
        >>> y = p.let("y", n, function("f")(x[n]))
        >>> p.numpy("y", x=[1.0, 4.0], f=(np.sqrt,)).tolist()
        [1.0, 2.0]
        """
        stored = self.run(arrays).stored.get(name)
        if stored is None:
            raise ValueError(f"{name} needs other arrays than {', '.join(arrays) or 'none'}")
        return np.array(stored.array.v)


def calls(v: Any) -> tuple[Callable[..., Any], ...]:
    """Return the callables that stand for an opaque function; () for an array."""
    several = v if isinstance(v, tuple) else (v,)
    return several if several and all(map(callable, several)) else ()


def fit(m: Matrix, at: Sequence[Index], name: str) -> list[Index | None]:
    """Place indices on the axes of a matrix, `None` on its axes of size 1."""
    if len(m.entries) > 2:
        slots: list[Index | None] = list(at)
    else:
        slots = [*at, None, None][:2]
    shape = tuple(i.dim if i is not None else sp.S.One for i in slots)
    if shape != m.entries:
        raise DimensionError(f"{name} has shape {shape}, but {m} has shape {m.entries}")
    return slots
