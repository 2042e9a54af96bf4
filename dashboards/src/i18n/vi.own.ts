// Texts of the hub's watch on itself, in Vietnamese.
export const viOwn = {
  "own.short": "Ổ đĩa, đồng hồ, bộ nhớ, sao lưu và các quy tắc",
  "own.help":
    "Máy chủ tự theo dõi chính mình mỗi phút một lần, và cảnh báo như với mọi địa điểm khác. Trang này cho thấy các con số mới nhất và những quy tắc cảnh báo đang bị lỗi.",
  "own.figures": "Tình trạng hiện tại",
  "own.rules": "Quy tắc bị lỗi",
  "own.rulesWell": "Mọi quy tắc cảnh báo đều chạy tốt.",
  "own.yes": "Có",
  "own.no": "Không",
  "own.notYet": "Chưa có số liệu",
} as const;
