"""A Modbus server by other hands (pymodbus), for the tests of the adapter: over TCP on loopback, or over a serial device.

Started with one argument, a JSON object:
  {"port": 0, "units": {"1": {"holding": {"0": [{"pack": "f", "order": "CDAB", "value": 7.12}]}, "coil": {"0": [true]}}}}
Tables are coil, discrete, holding and input; each maps a start address to its values: bits, registers, or numbers to be
packed as by Python's struct. Addresses that are not given are refused with exception 2. Requests for other units get
another exception.

With "framer": "rtu" it speaks serial frames over TCP; with "serial": "/dev/…" it serves that device. Writes are taken.

Prints its port as the first line, 0 for a serial device. Then every line read is one change,
  {"unit": 1, "table": "holding", "address": 10, "values": [42]}
answered by the line "done". Ends when its input ends.
"""

import asyncio
import json
import struct
import sys

from pymodbus import FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

TABLES = ("coil", "discrete", "holding", "input")
READ_FUNCTION = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}


def registers(values):
    """Registers of values, of which some are still to be packed."""
    found = []
    for value in values:
        if not isinstance(value, dict):
            found.append(value)
            continue
        packed = struct.pack(">" + value["pack"], value["value"])
        words = [packed[at : at + 2] for at in range(0, len(packed), 2)]
        if value["order"] in ("DCBA", "CDAB"):
            words.reverse()
        if value["order"] in ("DCBA", "BADC"):
            words = [word[::-1] for word in words]
        found.extend(int.from_bytes(word, "big") for word in words)
    return found


def block(table, entries):
    """The contents of one table; one entry out of everybody's way where nothing is given, for none may be empty."""
    kind = DataType.BITS if table in ("coil", "discrete") else DataType.REGISTERS
    empty = [False] * 16 if kind == DataType.BITS else [0]
    entries = entries or {"60000": empty}
    return [
        SimData(int(address), values=registers(values), datatype=kind)
        for address, values in sorted(entries.items(), key=lambda entry: int(entry[0]))
    ]


async def main():
    wanted = json.loads(sys.argv[1])
    devices = [
        SimDevice(int(unit), simdata=tuple(block(table, tables.get(table)) for table in TABLES))
        for unit, tables in wanted["units"].items()
    ]
    if "serial" in wanted:
        server = ModbusSerialServer(devices, framer=FramerType.RTU, port=wanted["serial"], baudrate=9600)
        await server.serve_forever(background=True)
        print(0, flush=True)
    else:
        framer = FramerType(wanted.get("framer", "socket"))
        server = ModbusTcpServer(devices, framer=framer, address=("127.0.0.1", wanted.get("port", 0)))
        await server.serve_forever(background=True)
        print(server.transport.sockets[0].getsockname()[1], flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        change = json.loads(line)
        await server.async_setValues(
            change["unit"], READ_FUNCTION[change["table"]], change["address"], registers(change["values"])
        )
        print("done", flush=True)
    await server.shutdown()


if __name__ == "__main__":
    asyncio.run(main())
