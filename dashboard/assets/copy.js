// Copies a text. The text travels as data and is only ever put into a text field.
export default function (component) {
  const { data, parentElement } = component;
  const button = parentElement.querySelector("button");
  const field = parentElement.querySelector("textarea");
  button.textContent = data.label;
  field.hidden = true;
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(data.text);
      button.textContent = data.done;
      setTimeout(() => { button.textContent = data.label; }, 2500);
    } catch {
      field.value = data.text;
      field.hidden = false;
      field.focus();
      field.select();
    }
  };
}
