"""A weighted score of three numbers, without a kit.

The bindings are what componentize-py makes of version 0.1 of the contract alone. It shows the tests
that such components keep running.
"""

from wit_world.imports import document, types

FIELDS = {"price": 0.3, "rating": 0.5, "popularity": 0.2}

# The weights, each with its field. Not in the class: it has a new object for each call.
bound: list[tuple[float, int]] = []


def _parameter(name: str, kind: types.Kind, value: types.Value) -> types.Parameter:
    return types.Parameter(name, "", kind, types.Presence_Default(value))


class Functions:
    """The contract's interface `functions`."""

    def describe(self) -> types.Manifest:
        """Describe the component."""
        parameters = []
        for name, weight in FIELDS.items():
            number = types.Value_Float64(weight)
            parameters.append(_parameter(f"{name}_weight", types.Kind.FLOAT64, number))
            path = types.Value_Text(name)
            parameters.append(_parameter(f"{name}_field", types.Kind.TEXT, path))
        function = types.Function("custom_score", "", parameters, types.Kind.FLOAT64)
        return types.Manifest("plain", "0.1.0", "", "", [function])

    def bind(self, function: str, arguments: list[types.Argument]) -> None:  # noqa: ARG002
        """Keep the weights, and resolve the fields."""
        values = {argument.name: argument.value.value for argument in arguments}
        bound[:] = [
            (
                values[f"{name}_weight"],
                document.resolve(values[f"{name}_field"], types.Kind.FLOAT64),
            )
            for name in FIELDS
        ]

    def evaluate(self) -> types.Value:
        """Compute the sum."""
        weighted = (weight * document.float64_or(field, 0.0) for weight, field in bound)
        return types.Value_Float64(sum(weighted))
