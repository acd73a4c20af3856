"""One client: trains the model with its own samples whenever the server asks for it. Started by run.py."""

import argparse

import port
from flwr.client import NumPyClient, start_client
from model import Library, Model
from samples import read


class Client(NumPyClient):
    """What it sends is its parameters, and how many samples they come from; samples stay here."""

    def __init__(self, number, seed, library, samples):
        self.number, self.seed = number, seed
        self.model = Model(library)
        self.images, self.labels = read(samples)

    def fit(self, parameters, config):
        """Trains for an epoch, from the server's parameters on."""
        (self.model.parameters,) = parameters
        order = (self.seed, self.number, config["round"])
        loss = self.model.epoch(self.images, self.labels, order, config["rate"])
        return [self.model.parameters], len(self.labels), {"client": self.number, "loss": loss}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--library", required=True)
    parser.add_argument("--samples", required=True)
    parser.add_argument("--number", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    client = Client(options.number, options.seed, Library(options.library), options.samples)
    port.wait_for(options.port)
    start_client(server_address=f"{port.HOST}:{options.port}", client=client.to_client(), insecure=True)


if __name__ == "__main__":
    main()
