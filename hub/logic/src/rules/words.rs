//! What the engine says of a script, in both languages. What it says seldom keeps its own words behind Vietnamese ones.
//!
//! Decides nothing. Read next: [`super::sandbox`].

use hub_model::{LocalText, local};
use rhai::{Dynamic, EvalAltResult, LexError, ParseErrorType, Position};

use super::sandbox::{MAX_OPERATIONS, MAX_RUN};

/// A refusal by one of the hub's own functions: the engine hands it on as it is.
pub(super) fn refusal(text: LocalText) -> Box<EvalAltResult> {
    EvalAltResult::ErrorRuntime(Dynamic::from(text), Position::NONE).into()
}

/// Why a script was stopped. The error is one without a place.
pub(super) fn of_run(error: EvalAltResult) -> LocalText {
    use EvalAltResult as It;
    let own = error.to_string();
    let millis = MAX_RUN.as_millis();
    let vi = match error {
        It::ErrorTerminated(..) => {
            return local!("bị dừng: chạy lâu hơn {millis} ms", "stopped: it ran longer than {millis} ms");
        }
        It::ErrorTooManyOperations(..) => {
            return local!(
                "bị dừng: chạy quá {MAX_OPERATIONS} phép tính",
                "stopped: it ran more than {MAX_OPERATIONS} operations"
            );
        }
        It::ErrorRuntime(said, _) if said.is::<LocalText>() => return said.cast(),
        It::ErrorRuntime(said, _) => format!("lỗi khi chạy: {said}"),
        It::ErrorParsing(kind, _) => of_text(&kind).vi,
        It::ErrorVariableNotFound(name, _) => format!("không có biến {name}"),
        It::ErrorVariableExists(name, _) => format!("biến {name} đã có"),
        It::ErrorPropertyNotFound(name, _) => format!("không có thuộc tính {name}"),
        It::ErrorFunctionNotFound(name, _) => format!("không có hàm {name}"),
        It::ErrorIndexNotFound(index, _) => format!("không có phần tử {index}"),
        It::ErrorArrayBounds(length, index, _) => format!("không có phần tử {index}, danh sách có {length}"),
        It::ErrorStringBounds(length, index, _) => format!("không có ký tự {index}, văn bản có {length}"),
        It::ErrorMismatchDataType(wanted, found, _) | It::ErrorMismatchOutputType(wanted, found, _) => {
            format!("cần kiểu {wanted}, nhưng có {found}")
        }
        It::ErrorAssignmentToConstant(name, _) => format!("không được đổi hằng {name}"),
        It::ErrorDataTooLarge(what, _) => format!("quá lớn: {what}"),
        It::ErrorStackOverflow(_) => "các hàm gọi nhau quá sâu".to_owned(),
        It::ErrorTooManyVariables(_) => "quá nhiều biến".to_owned(),
        It::ErrorFor(_) => "for cần một danh sách hoặc một khoảng".to_owned(),
        It::ErrorArithmetic(..) => format!("lỗi tính toán ({own})"),
        _ => format!("lỗi khi chạy ({own})"),
    };
    LocalText { vi, en: own }
}

/// Why a text is no script.
pub(super) fn of_text(error: &ParseErrorType) -> LocalText {
    use ParseErrorType as It;
    let own = error.to_string();
    let vi = match error {
        It::BadInput(LexError::UnexpectedInput(text)) => format!("không hiểu '{text}'"),
        It::BadInput(LexError::MalformedNumber(text)) => format!("số viết sai: '{text}'"),
        It::BadInput(LexError::MalformedIdentifier(text)) => format!("tên viết sai: '{text}'"),
        It::BadInput(LexError::UnterminatedString) => "văn bản thiếu dấu đóng ngoặc kép".to_owned(),
        It::UnexpectedEOF => "tệp kết thúc khi chưa viết xong".to_owned(),
        It::UnknownOperator(text) => format!("không có phép toán '{text}'"),
        It::MissingToken(token, _) => format!("thiếu '{token}'"),
        It::VariableUndefined(name) => format!("không có biến {name}"),
        It::VariableExists(name) | It::DuplicatedVariable(name) => format!("biến {name} đã có"),
        It::ForbiddenVariable(name) => format!("không được đặt tên biến {name}"),
        It::AssignmentToConstant(name) => format!("không được đổi hằng {name}"),
        It::FnDuplicatedDefinition(name, _) => format!("hàm {name} được viết hai lần"),
        It::FnMissingName => "hàm chưa có tên".to_owned(),
        It::FnMissingParams(name) => format!("hàm {name} thiếu danh sách tham số"),
        It::FnDuplicatedParam(name, parameter) => format!("hàm {name} có hai tham số {parameter}"),
        It::FnMissingBody(name) => format!("hàm {name} thiếu thân hàm"),
        It::WrongFnDefinition => "hàm phải đứng riêng, không nằm trong hàm khác".to_owned(),
        It::TooManyFunctions => "quá nhiều hàm".to_owned(),
        It::DuplicatedProperty(name) => format!("khóa {name} viết hai lần"),
        It::PropertyExpected => "thiếu tên thuộc tính".to_owned(),
        It::VariableExpected => "thiếu tên biến".to_owned(),
        It::Reserved(word) => format!("'{word}' là từ dành riêng"),
        It::MismatchedType(wanted, found) => format!("cần kiểu {wanted}, nhưng có {found}"),
        It::ExprTooDeep => "biểu thức quá phức tạp".to_owned(),
        It::LoopBreak => "break và continue chỉ dùng trong vòng lặp".to_owned(),
        _ => format!("sai cú pháp ({own})"),
    };
    LocalText { vi, en: own }
}
