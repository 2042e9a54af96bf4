// Texts around what the loudspeakers may say, in Vietnamese. Part of vi.ts.
export const viAnnouncement = {
  "announcement.title": "Bài đọc loa truyền thanh",
  "announcement.help": "Bài này được soạn sẵn từ cảnh báo, số liệu và giờ viết bằng chữ để đọc. Hệ thống không tự phát loa: hãy đọc lại, sửa nếu cần, lưu bản đã duyệt, rồi chép hoặc tải về đưa cho người đọc loa.",
  "announcement.text": "Nội dung đọc",
  "announcement.english": "Bản tiếng Anh để đối chiếu",
  "announcement.unreviewed": "Chưa có ai duyệt. Hãy đọc lại trước khi dùng.",
  "announcement.reviewedBy": "{who} đã duyệt, {time}",
  "announcement.changed": "Nội dung trên khác bản đã duyệt.",
  "announcement.save": "Lưu bản đã duyệt",
  "announcement.saved": "Đã lưu bản duyệt",
  "announcement.copy": "Chép",
  "announcement.copied": "Đã chép",
  "announcement.notCopied": "Trình duyệt không cho chép. Hãy bôi đen rồi chép bằng tay.",
  "announcement.download": "Tải về (.txt)",
  "announcement.again": "Soạn lại từ đầu",
  "announcement.empty": "Hãy nhập nội dung.",
  "alarm.event.textReviewed": "Duyệt bài đọc loa",
};
