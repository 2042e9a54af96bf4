// Texts about being told of new alarms, in Vietnamese. Part of vi.ts.
export const viAlerts = {
  "alerts.title": "Báo khi có cảnh báo mới",
  "alerts.hint": "Có tác dụng trên máy này, khi trang đang mở. Ngoài ra cảnh báo vẫn được gửi theo các kênh của xã.",
  "alerts.sound": "Phát âm thanh",
  "alerts.notice": "Hiện thông báo của trình duyệt",
  "alerts.from": "Từ mức",
  "alerts.try": "Nghe thử",
  "alerts.blocked": "Trình duyệt này đang chặn thông báo. Vui lòng cho phép trong phần cài đặt trang của trình duyệt.",
  "alerts.impossible": "Trình duyệt chỉ cho hiện thông báo khi trang được mở qua địa chỉ https.",
} as const;
