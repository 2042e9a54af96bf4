// Texts of the forwarding card and of older data, in Vietnamese. Part of vi.later.ts; en.forward.ts must have the same keys.
export const viForward = {
  "forward.title": "Gửi số liệu lên cấp trên",
  "forward.well": "đang gửi",
  "forward.failing": "chưa gửi được",
  "forward.catchingUp": "đang gửi bù",
  "forward.allSent": "Đã gửi hết.",
  "forward.kept": "Số liệu vẫn được giữ tại đây và sẽ được gửi khi liên lạc lại được.",
  "forward.lag": "Chậm {span}",
  "forward.owed": "Còn phải gửi bù từ {since}",
  "forward.arrived": "Lần gửi được gần nhất:",
  "forward.never": "Chưa gửi được lần nào từ khi khởi động",
  "forward.refused.one": "{n} dòng bị nơi nhận từ chối và được để riêng",
  "forward.refused.other": "{n} dòng bị nơi nhận từ chối và được để riêng",
  "forward.sent": "Đã gửi {lines} dòng, {size} MB từ khi khởi động",
  "forward.reason": "Nguyên nhân (cho người tích hợp)",
  "older.read": "Số liệu trước {since} không còn lưu tại đây, được đọc từ nơi lưu trữ của cấp trên.",
  "older.unreachable": "Hiện chưa đọc được số liệu trước {since} từ nơi lưu trữ của cấp trên. Chỗ trống trước thời điểm đó không có nghĩa là thiếu số đo.",
};
