//! The default mail of Alertmanager, laid out after Mailgun's transactional e-mail templates (MIT licence) as there.

use crate::stack::alertmanager::Version;

/// What nearly every element's style says.
const FONT: &str = "font-family: 'Helvetica Neue', Helvetica, Arial, sans-serif; box-sizing: border-box;";

/// From this version on the page's type is named by an https address.
const HTTPS: Version = Version(26);

/// The templates of a mail's subject and page.
pub(super) fn mail(version: Version) -> String {
    let scheme = if version >= HTTPS { "https" } else { "http" };
    let page = PAGE
        .replace("@banner", &banners())
        .replace("@firing", &format!("{}{}", heading("Firing", false), alerts("Firing")))
        .replace("@resolved", &format!("{}{}", heading("Resolved", true), alerts("Resolved")))
        .replace("@cell", r#"<td class="content-block" style="@base vertical-align: top; padding: 0 0 20px;" valign="top">"#)
        .replace("@plain", "style=\"@base\"")
        .replace("@base", "margin: 0; @font font-size: 14px;")
        .replace("@font", FONT)
        .replace("@scheme", scheme);
    format!(
        "\n{{{{ define \"email.default.subject\" }}}}{{{{ template \"__subject\" . }}}}{{{{ end }}}}\n{page}"
    )
}

/// The coloured line on top: orange while anything fires, else green.
fn banners() -> String {
    let banner = |class: &str, colour: &str, after_pair: &str| {
        let style = format!(
            "margin: 0; @font vertical-align: top; font-size: 16px; color: #fff; font-weight: 500; padding: 20px; \
text-align: center; border-radius: 3px 3px 0 0; background-color: {colour};"
        );
        let attributes = format!(r#"style="{style}" valign="top" align="center" bgcolor="{colour}""#);
        format!(
            r#"            <td class="alert alert-{class}" {attributes}>
              {{{{ len .Alerts }}}} alert{{{{ if gt (len .Alerts) 1 }}}}s{{{{ end }}}} for {{{{ range .GroupLabels.SortedPairs }}}}
                {{{{ .Name }}}}={{{{ .Value }}}}{after_pair}
              {{{{ end }}}}
            </td>
"#
        )
    };
    let (firing, resolved) = (banner("warning", "#E6522C", ""), banner("good", "#68B90F", " "));
    format!(
        "            {{{{ if .Alerts.Firing }}}}\n{firing}            {{{{ else }}}}\n{resolved}            {{{{ end }}}}\n"
    )
}

/// How many alerts have that status, after a rule where others stand above.
fn heading(status: &str, has_rule: bool) -> String {
    let rule = match has_rule {
        true => {
            r#"
                  {{ if .Alerts.Firing }}
                <tr @plain>
                  @cell
                    <br @plain>
                    <hr @plain>
                    <br @plain>
                  </td>
                </tr>
                  {{ end }}"#
        }
        false => "",
    };
    format!(
        r#"                {{{{ if .Alerts.{status} }}}}{rule}
                <tr @plain>
                  @cell
                    <strong @plain>[{{{{ len .Alerts.{status} }}}}] {status}</strong>
                  </td>
                </tr>
                {{{{ end }}}}
"#
    )
}

/// A row for each alert of that status.
fn alerts(status: &str) -> String {
    let pairs = |of: &str| {
        format!("{{{{ range .{of}.SortedPairs }}}}{{{{ .Name }}}} = {{{{ .Value }}}}<br @plain>{{{{ end }}}}")
    };
    format!(
        r#"                {{{{ range .Alerts.{status} }}}}
                <tr @plain>
                  @cell
                    <strong @plain>Labels</strong><br @plain>
                    {labels}
                    {{{{ if .Annotations }}}}<strong @plain>Annotations</strong><br @plain>{{{{ end }}}}
                    {annotations}
                    <a href="{{{{ .GeneratorURL }}}}" style="@base color: #348eda; text-decoration: underline;">Source</a><br @plain>
                  </td>
                </tr>
                {{{{ end }}}}
"#,
        labels = pairs("Labels"),
        annotations = pairs("Annotations"),
    )
}

const PAGE: &str = r##"{{ define "email.default.html" }}

<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" @plain>
<head>
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Type" content="text/html; charset=UTF-8">
<title>{{ template "__subject" . }}</title>
<style>
@media only screen and (max-width: 640px) {
  body {
    padding: 0 !important;
  }

  h1,
h2,
h3,
h4 {
    font-weight: 800 !important;
    margin: 20px 0 5px !important;
  }

  h1 {
    font-size: 22px !important;
  }

  h2 {
    font-size: 18px !important;
  }

  h3 {
    font-size: 16px !important;
  }

  .container {
    padding: 0 !important;
    width: 100% !important;
  }

  .content {
    padding: 0 !important;
  }

  .content-wrap {
    padding: 10px !important;
  }

  .invoice {
    width: 100% !important;
  }
}
</style>
</head>

<body itemscope itemtype="@scheme://schema.org/EmailMessage" style="@base -webkit-font-smoothing: antialiased; -webkit-text-size-adjust: none; height: 100%; line-height: 1.6em; background-color: #f6f6f6; width: 100%;">

<table class="body-wrap" style="@base background-color: #f6f6f6; width: 100%;" width="100%" bgcolor="#f6f6f6">
  <tr @plain>
    <td style="@base vertical-align: top;" valign="top"></td>
    <td class="container" width="600" style="@font font-size: 14px; vertical-align: top; display: block; max-width: 600px; margin: 0 auto; clear: both;" valign="top">
      <div class="content" style="@font font-size: 14px; max-width: 600px; margin: 0 auto; display: block; padding: 20px;">
        <table class="main" width="100%" cellpadding="0" cellspacing="0" style="@base background-color: #fff; border: 1px solid #e9e9e9; border-radius: 3px;" bgcolor="#fff">
          <tr @plain>
@banner          </tr>
          <tr @plain>
            <td class="content-wrap" style="@base vertical-align: top; padding: 30px;" valign="top">
              <table width="100%" cellpadding="0" cellspacing="0" @plain>
                <tr @plain>
                  @cell
                    <a href="{{ template "__alertmanagerURL" . }}" class="btn-primary" style="@base text-decoration: none; color: #FFF; background-color: #348eda; border: solid #348eda; border-width: 10px 20px; line-height: 2em; font-weight: bold; text-align: center; cursor: pointer; display: inline-block; border-radius: 5px; text-transform: capitalize;">View in {{ template "__alertmanager" . }}</a>
                  </td>
                </tr>
@firing
@resolved              </table>
            </td>
          </tr>
        </table>

        <div class="footer" style="@base width: 100%; clear: both; color: #999; padding: 20px;">
          <table width="100%" @plain>
            <tr @plain>
              <td class="aligncenter content-block" style="margin: 0; @font vertical-align: top; padding: 0 0 20px; text-align: center; color: #999; font-size: 12px;" valign="top" align="center"><a href="{{ .ExternalURL }}" style="margin: 0; @font text-decoration: underline; color: #999; font-size: 12px;">Sent by {{ template "__alertmanager" . }}</a></td>
            </tr>
          </table>
        </div></div>
    </td>
    <td style="@base vertical-align: top;" valign="top"></td>
  </tr>
</table>

</body>
</html>

{{ end }}
"##;
