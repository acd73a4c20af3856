"""The server: Flower's FedAvg over the parameters of all clients. Started by run.py.

It has the model, to know how good the mean of the parameters is with digits that no client has, but no samples to
train with.
"""

import argparse
import json
from pathlib import Path

import port
from flwr.common import ndarrays_to_parameters
from flwr.server import ServerConfig, start_server
from flwr.server.strategy import FedAvg
from model import Library, Model, falling
from samples import read


class InOrder(FedAvg):
    """FedAvg, with the results in the order of the clients: the last bits of a sum depend on it."""

    def aggregate_fit(self, server_round, results, failures):
        """The mean of what the clients have learned; all of them have to answer."""
        if failures or len(results) != self.min_fit_clients:
            raise RuntimeError(f"round {server_round}: {len(results)} clients have answered, failures: {failures}")
        in_order = sorted(results, key=lambda result: result[1].metrics["client"])
        return super().aggregate_fit(server_round, in_order, failures)


def strategy(options, model, held_out):
    """Each round, all clients train with a rate that falls to zero."""

    def evaluate(_round, parameters, _config):
        (model.parameters,) = parameters
        accuracy = model.accuracy(*held_out)
        return 1 - accuracy, {"accuracy": accuracy}

    return InOrder(
        fraction_evaluate=0.0,
        min_fit_clients=options.clients,
        min_available_clients=options.clients,
        evaluate_fn=evaluate,
        on_fit_config_fn=lambda number: {"round": number, "rate": falling(options.rate, number, options.rounds)},
        initial_parameters=ndarrays_to_parameters([model.parameters]),
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--library", required=True)
    parser.add_argument("--held-out", required=True)
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--history", required=True)
    options = parser.parse_args()
    history = start_server(
        server_address=f"{port.HOST}:{options.port}",
        config=ServerConfig(num_rounds=options.rounds),
        strategy=strategy(options, Model(Library(options.library)), read(options.held_out)),
    )
    accuracies = [accuracy for _, accuracy in history.metrics_centralized["accuracy"]]
    Path(options.history).write_text(json.dumps(accuracies), encoding="ascii")


if __name__ == "__main__":
    main()
