"""A Modbus TCP server by other hands again (libmodbus, in C), for the tests of the adapter, on loopback.

Started with one argument, a JSON object: {"holding": {"100": [7, {"pack": "d", "order": "CDAB", "value": 7.12}]}}
Each table is one span from its start address on, written as for foreign_server.py; libmodbus refuses what is beyond it with
exception 2, and answers whatever unit is asked. Writes are taken.

Prints its port as the first line. Serves one client after another until it is ended.
"""

import ctypes
import ctypes.util
import json
import os
import socket
import sys

from foreign_server import TABLES, registers

LONGEST_REQUEST = 260


class Mapping(ctypes.Structure):
    """modbus_mapping_t of modbus.h."""

    _fields_ = [
        *((name, ctypes.c_int) for name in ("bits", "bits_at", "input_bits", "input_bits_at")),
        *((name, ctypes.c_int) for name in ("input_registers", "input_registers_at", "registers", "registers_at")),
        ("coil", ctypes.POINTER(ctypes.c_uint8)),
        ("discrete", ctypes.POINTER(ctypes.c_uint8)),
        ("input", ctypes.POINTER(ctypes.c_uint16)),
        ("holding", ctypes.POINTER(ctypes.c_uint16)),
    ]


def library():
    """libmodbus with the types of what is called here."""
    modbus = ctypes.CDLL(ctypes.util.find_library("modbus"), use_errno=True)
    modbus.modbus_new_tcp.restype = ctypes.c_void_p
    modbus.modbus_mapping_new_start_address.restype = ctypes.POINTER(Mapping)
    context, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    modbus.modbus_tcp_listen.argtypes = [context, number]
    modbus.modbus_tcp_accept.argtypes = [context, ctypes.POINTER(number)]
    modbus.modbus_receive.argtypes = [context, text]
    modbus.modbus_reply.argtypes = [context, text, number, ctypes.POINTER(Mapping)]
    modbus.modbus_close.argtypes = [context]
    return modbus


def mapping(modbus, wanted):
    """The tables, filled."""
    spans = {table: (0, []) for table in TABLES}
    for table, entries in wanted.items():
        [(start, values)] = entries.items()
        spans[table] = (int(start), registers(values))
    sizes = [ctypes.c_uint(number) for start, values in spans.values() for number in (start, len(values))]
    made = modbus.modbus_mapping_new_start_address(*sizes)
    for table, (_, values) in spans.items():
        for place, value in enumerate(values):
            getattr(made.contents, table)[place] = value
    return made


def main():
    modbus = library()
    tables = mapping(modbus, json.loads(sys.argv[1]))
    context = modbus.modbus_new_tcp(b"127.0.0.1", 0)
    listener = ctypes.c_int(modbus.modbus_tcp_listen(context, 1))
    with socket.socket(fileno=os.dup(listener.value)) as listening:
        print(listening.getsockname()[1], flush=True)
    request = ctypes.create_string_buffer(LONGEST_REQUEST)
    while modbus.modbus_tcp_accept(context, ctypes.byref(listener)) >= 0:
        while (length := modbus.modbus_receive(context, request)) >= 0:
            modbus.modbus_reply(context, request, length, tables)
        modbus.modbus_close(context)


main()
