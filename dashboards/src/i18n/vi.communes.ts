// Texts of a province's page of communes, in Vietnamese. Part of vi.later.ts; en.communes.ts must have the same keys.
export const viCommunes = {
  "communes.title": "Các xã",
  "communes.help":
    "Mỗi dòng là một xã: tình trạng, số cảnh báo và số liệu mới nhất đến lúc nào. Xã cần xử lý gấp nhất đứng trước. Chạm vào tên xã để xem các địa điểm. Nhận biết cảnh báo là việc của xã.",
  "communes.search": "Tìm xã",
  "communes.at": "Địa giới vào ngày",
  "communes.commune": "Xã",
  "communes.state": "Tình trạng",
  "communes.arrived": "Số liệu 24 giờ qua",
  "communes.heard": "Số liệu mới nhất",
  "communes.well": "bình thường",
  "communes.silent": "không có số liệu mới",
  "communes.ofLimited": "{outside} / {limited} điểm",
  "communes.elsewhere": "Không thuộc đơn vị nào trong danh sách",
  "communes.stale": "Chưa đọc được số liệu mới từ nơi lưu trữ; đang hiện số liệu đã đọc {time}.",
  "communes.unread": "Chưa đọc được nơi lưu trữ số liệu của các xã.",
  "communes.none": "Chưa thấy xã nào",
  "communes.noneHint": "Các xã hiện ở đây khi máy chủ của xã bắt đầu gửi số liệu lên.",
  "communes.count.one": "{n} xã",
  "communes.count.other": "{n} xã",
};
