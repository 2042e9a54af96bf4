# Opens a workbook as another program does and prints what it finds as JSON: each sheet's rows, times as text, and number formats.
import datetime
import json
import sys

import openpyxl

book = openpyxl.load_workbook(sys.argv[1])
found = {}
for sheet in book.worksheets:
    rows = []
    for row in sheet.iter_rows():
        rows.append([cell.value.isoformat() if isinstance(cell.value, datetime.datetime) else cell.value for cell in row])
    formats = sorted({cell.number_format for row in sheet.iter_rows() for cell in row})
    found[sheet.title] = {"rows": rows, "formats": formats}
print(json.dumps(found))
